package sheet

import (
	"io"
	"iter"

	"tieout/app/personal"
)

// AccessList writes who saw personal data, when and why; never what.
func (k *Book) AccessList(w io.Writer, about [][2]string, rows iter.Seq2[personal.Access, error]) error {
	l, err := newList("Accesses", nil, column{"When (UTC)", 19}, column{"Who", 24}, column{"Flow", 14}, column{"Record", 24}, column{"Connection", 18}, column{"Document", 12}, column{"Why", 60})
	if err != nil {
		return err
	}
	return writeList(w, l, about, rows, func(a personal.Access) ([]any, error) {
		b := l.book
		var document any
		if a.DocumentID != 0 {
			document = a.DocumentID
		}
		return []any{l.at(&a.At), b.str(a.Person), b.str(a.Flow), b.str(a.Key), b.str(a.Connection), document, b.str(a.Reason)}, nil
	})
}
