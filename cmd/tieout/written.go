package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"sync"
)

// written is a log of a world: all of it in a file, and errors where people see
// them too.
type written struct {
	errors io.Writer

	mu   sync.Mutex
	file *os.File
}

func newWritten(path string, errors io.Writer) (*written, error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open log: %w", err)
	}
	return &written{errors: errors, file: file}, nil
}

// Write implements io.Writer. What is no line of the log, as of a crash, is for
// people as well.
func (w *written) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for line := range bytes.Lines(p) {
		if !bytes.HasPrefix(line, []byte("time=")) || bytes.Contains(line, []byte(" level=ERROR ")) {
			if _, err := w.errors.Write(line); err != nil {
				return 0, err
			}
		}
	}
	return w.file.Write(p)
}

func (w *written) close() error { return w.file.Close() }
