"""What several models share: fold-in, sparse matrices, top-k, storage."""
