package report

import "io"

// Decompress undoes gzip when the stream begins with its mark, and passes
// everything else on: the bytes that offsets and hashes refer to.
func Decompress(in io.Reader) (io.Reader, error) { return decompress(in) }
