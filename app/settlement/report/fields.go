package report

import (
	"bytes"
	"encoding/xml"
	"strings"
)

// Field is one column of a raw row and what stands in it.
type Field struct {
	Column string
	Value  string
}

// Fields takes a raw row apart for showing: every column the header names, the
// unknown ones too, in the file's order, untrimmed. header is Head.Header; nil
// means XML, whose elements are columns named by their path. options are those
// the report was read with.
func Fields(header, row []byte, options Options) []Field {
	charset := newCharset(options.Charset, row)
	if header == nil {
		return xmlFields(row, charset.declaredBy(row))
	}
	charset.utf8 = charset.utf8 || bytes.HasPrefix(header, utf8BOM)
	names := headerNames(header)
	values := bytes.Split(bytes.TrimRight(row, "\r\n"), []byte("\t"))
	fields := make([]Field, max(len(names), len(values)))
	for i := range fields {
		if i < len(names) {
			fields[i].Column = names[i]
		}
		if i < len(values) {
			fields[i].Value = string(charset.append(nil, values[i]))
		}
	}
	return fields
}

// xmlFields lists the leaves of one element.
func xmlFields(row []byte, charset charset) []Field {
	in := &xmlBytes{in: newSource(bytes.NewReader(row)), charset: charset, row: 1}
	decoder := xml.NewDecoder(in)
	decoder.Strict = false
	decoder.CharsetReader = sameText
	var fields []Field
	var path []string
	var text strings.Builder
	leaf := false
	for {
		in.perToken = 0
		token, err := decoder.RawToken()
		if err != nil {
			return fields
		}
		switch token := token.(type) {
		case xml.StartElement:
			path = append(path, token.Name.Local)
			text.Reset()
			leaf = true
		case xml.CharData:
			text.Write(token)
		case xml.EndElement:
			if leaf && len(path) > 1 {
				fields = append(fields, Field{Column: strings.Join(path[1:], "/"), Value: strings.TrimSpace(text.String())})
			}
			leaf = false
			path = path[:max(len(path)-1, 0)]
		}
	}
}
