"""Storage: the lake, the warehouse built from it by SQL files, and the releases made from that."""
