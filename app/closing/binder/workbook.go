package binder

import (
	"archive/zip"
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
)

// inOrder writes a workbook with its parts by name: how it was packed is
// chance, and the same content is to make the same binder. It goes through a
// file, so that memory stays flat.
func inOrder(w io.Writer, write func(io.Writer) error) (err error) {
	file, err := os.CreateTemp("", "tieout-binder-*.xlsx")
	if err != nil {
		return fmt.Errorf("make temporary file: %w", err)
	}
	defer func() { err = errors.Join(err, file.Close(), os.Remove(file.Name())) }()
	if err := write(file); err != nil {
		return err
	}
	size, err := file.Seek(0, io.SeekEnd)
	if err != nil {
		return fmt.Errorf("read temporary file: %w", err)
	}
	packed, err := zip.NewReader(file, size)
	if err != nil {
		return fmt.Errorf("read workbook: %w", err)
	}
	parts := slices.Clone(packed.File)
	slices.SortFunc(parts, func(a, b *zip.File) int { return cmp.Compare(a.Name, b.Name) })
	out := zip.NewWriter(w)
	for _, part := range parts {
		if err := out.Copy(part); err != nil {
			return fmt.Errorf("pack %s: %w", part.Name, err)
		}
	}
	return out.Close()
}
