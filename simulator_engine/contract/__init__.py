"""The messages and services between our own processes: .proto files and the code generated from them."""
