package views

import (
	"bytes"

	"tieout/app/legible"
)

// verbatim are elements whose text is no text of a page, or comes back by a form.
var verbatim = [][]byte{[]byte("script"), []byte("style"), []byte("textarea")}

// Legible makes the texts of a page, or of a part of one, show what they are.
// Markup and attributes stay.
func Legible(page []byte) []byte {
	if !legible.Changes(page) {
		return page
	}
	out := bytes.NewBuffer(make([]byte, 0, len(page)+len(page)/8))
	for len(page) > 0 {
		open := bytes.IndexByte(page, '<')
		if open < 0 {
			open = len(page)
		}
		legible.Write(out, page[:open])
		page = page[open:]
		n := markupEnd(page)
		out.Write(page[:n])
		page = page[n:]
	}
	return out.Bytes()
}

// markupEnd is where the markup that begins a page ends: a tag, or an element
// whose text stays as it is.
func markupEnd(page []byte) int {
	if len(page) == 0 {
		return 0
	}
	if bytes.HasPrefix(page, []byte("<!--")) {
		if n := bytes.Index(page, []byte("-->")); n > 0 {
			return n + 3
		}
		return len(page)
	}
	end, quote := len(page), byte(0)
	for i, c := range page {
		if quote != 0 {
			if c == quote {
				quote = 0
			}
			continue
		}
		if c == '"' || c == '\'' {
			quote = c
		}
		if c == '>' {
			end = i + 1
			break
		}
	}
	for _, name := range verbatim {
		if len(page) > len(name)+1 && bytes.EqualFold(page[1:1+len(name)], name) && !letter(page[1+len(name)]) {
			if closing := bytes.Index(page, append([]byte("</"), name...)); closing > 0 {
				return closing
			}
		}
	}
	return end
}

func letter(c byte) bool { return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' }
