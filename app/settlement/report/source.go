package report

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"

	"github.com/klauspost/compress/gzip"
)

// bufferSize is how far the reading looks ahead to learn a file's style, and
// the longest row. Small files do not need all of it.
const (
	bufferSize  = 1 << 20
	firstBuffer = 32 << 10
)

// source cuts a stream into physical rows in one buffer.
type source struct {
	in       io.Reader
	buffer   []byte
	from, to int   // unread part of buffer
	searched int   // no line end before this
	base     int64 // offset of buffer[0] in the stream
	row      int   // physical number of the last row
	ended    error // io.EOF or what the reader gave
}

// rawRow is one physical row without its line end.
type rawRow struct {
	text    []byte // valid until the next row; the beginning only when tooLong
	number  int
	offset  int64
	length  int // at most 2 GiB: what is longer is shown by its beginning
	tooLong bool
}

func newSource(in io.Reader) *source {
	return &source{in: in, buffer: make([]byte, firstBuffer)}
}

// size is the number of bytes taken from the stream.
func (s *source) size() int64 { return s.base + int64(s.to) }

// peek fills the buffer and returns what is in it without consuming it.
func (s *source) peek() ([]byte, error) {
	for s.ended == nil && s.to-s.from < bufferSize {
		s.fill()
	}
	if s.ended != nil && s.ended != io.EOF {
		return nil, s.ended
	}
	return s.buffer[s.from:s.to], nil
}

// skip consumes n bytes of what peek returned.
func (s *source) skip(n int) { s.from += n; s.searched = s.from }

// fill makes room and reads once: it moves the unread bytes to the front, and
// where that is not enough takes a larger buffer.
func (s *source) fill() {
	if s.from > 0 && s.to == len(s.buffer) {
		copy(s.buffer, s.buffer[s.from:s.to])
		s.base += int64(s.from)
		s.to -= s.from
		s.searched -= s.from
		s.from = 0
	}
	if s.to == len(s.buffer) {
		s.buffer = append(s.buffer, make([]byte, len(s.buffer))...)
	}
	for range 100 {
		n, err := s.in.Read(s.buffer[s.to:])
		s.to += n
		if err != nil {
			s.ended = err
		}
		if n > 0 || err != nil {
			return
		}
	}
	s.ended = io.ErrNoProgress
}

// next returns the next row; io.EOF after the last.
func (s *source) next() (rawRow, error) {
	for {
		if end := bytes.IndexByte(s.buffer[s.searched:s.to], '\n'); end >= 0 {
			return s.cut(s.searched+end, 1), nil
		}
		s.searched = s.to
		switch {
		case s.ended == io.EOF && s.from < s.to:
			return s.cut(s.to, 0), nil
		case s.ended != nil:
			return rawRow{}, s.ended
		case s.to-s.from >= bufferSize:
			return s.discard()
		}
		s.fill()
	}
}

// cut takes the row that ends before end.
func (s *source) cut(end, newline int) rawRow {
	s.row++
	text := s.buffer[s.from:end]
	if n := len(text); n > 0 && text[n-1] == '\r' {
		text = text[:n-1]
	}
	row := rawRow{text: text, number: s.row, offset: s.base + int64(s.from), length: len(text)}
	s.from = end + newline
	s.searched = s.from
	return row
}

// discard reads over a row that does not fit into the buffer.
func (s *source) discard() (rawRow, error) {
	s.row++
	start := s.base + int64(s.from)
	for {
		end := bytes.IndexByte(s.buffer[s.from:s.to], '\n')
		if end >= 0 || (s.ended == io.EOF) {
			if end < 0 {
				end = s.to - s.from
			}
			length := s.base + int64(s.from+end) - start
			s.from = min(s.from+end+1, s.to)
			s.searched = s.from
			return rawRow{number: s.row, offset: start, length: int(min(length, math.MaxInt32)), tooLong: true}, nil
		}
		if s.ended != nil {
			return rawRow{}, s.ended
		}
		s.from = s.to
		s.fill()
	}
}

// Decompress undoes gzip, twice where it was done twice, and passes everything
// else on: the bytes that offsets and hashes refer to.
func Decompress(in io.Reader) (io.Reader, error) {
	for range 4 {
		buffered := bufio.NewReaderSize(in, 64<<10)
		mark, err := buffered.Peek(2)
		if err != nil && !errors.Is(err, io.EOF) {
			return nil, fmt.Errorf("read report: %w", err)
		}
		if len(mark) < 2 || mark[0] != 0x1f || mark[1] != 0x8b {
			return &bounded{buffered, maxReport}, nil
		}
		unzipped, err := gzip.NewReader(buffered)
		if err != nil {
			return nil, brokenGzip(err)
		}
		in = gzipReader{unzipped}
	}
	return nil, brokenGzip(errors.New("compressed over and over"))
}

// maxReport is how large a report may be: a packed one may be a thousand times
// its size.
const maxReport = 16 << 30

// bounded refuses to go on beyond the largest report.
type bounded struct {
	in   io.Reader
	left int64
}

func (b *bounded) Read(p []byte) (int, error) {
	n, err := b.in.Read(p)
	if b.left -= int64(n); b.left < 0 {
		return 0, &Unreadable{Looks: fmt.Sprintf("a file of more than %d GB", maxReport>>30), Advice: "Upload the reports as Amazon made them, one file each."}
	}
	return n, err
}

// gzipReader gives damaged gzip its own error.
type gzipReader struct{ in *gzip.Reader }

func (g gzipReader) Read(b []byte) (int, error) {
	n, err := g.in.Read(b)
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, gzip.ErrChecksum) || errors.Is(err, gzip.ErrHeader) {
		err = brokenGzip(err)
	}
	return n, err
}

func brokenGzip(err error) error {
	return &Unreadable{Looks: "a damaged or incomplete gzip file", Advice: "Download it again.", Cause: err}
}
