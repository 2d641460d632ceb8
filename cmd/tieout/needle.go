package main

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"html"
	"io"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// needles are texts that may stand nowhere in clear, in the forms in which they
// could stand there: as they are, in either case, and written for JSON, HTML, an
// address, in hex and in base64.
type needles struct {
	by      map[uint64][]needle // by the first eight bytes
	begins  [1 << 16]uint64     // a bit for each hash of the first four bytes: most places are passed over by it
	longest int
	known   map[string]bool
	buffer  []byte // of search, which one at a time does
}

// needle is one form of a text.
type needle struct {
	what string // what the text is
	form []byte
}

// least is the length of the shortest needle: a shorter one occurs by chance.
const least = 8

func newNeedles() *needles { return &needles{by: map[uint64][]needle{}, known: map[string]bool{}} }

// add makes needles of a text; a short one is none. It reports whether it is one.
func (n *needles) add(what, text string) bool {
	if len(text) < least || n.known[text] {
		return len(text) >= least
	}
	n.known[text] = true
	quoted, inJSON := strconv.Quote(text), jsonText(text)
	for _, form := range slices.Concat([]string{text, strings.ToUpper(text), strings.ToLower(text), quoted[1 : len(quoted)-1], inJSON[1 : len(inJSON)-1], html.EscapeString(text), url.QueryEscape(text), url.PathEscape(text),
		hex.EncodeToString([]byte(text)), strings.ToUpper(hex.EncodeToString([]byte(text)))}, base64s(text)) {
		if len(form) >= least {
			n.put(needle{what, []byte(form)})
		}
	}
	return true
}

// jsonText is a text as Go writes it in JSON.
func jsonText(text string) string {
	encoded, _ := json.Marshal(text) // a text always can be written
	return string(encoded)
}

func (n *needles) put(one needle) {
	key := binary.LittleEndian.Uint64(one.form)
	if slices.ContainsFunc(n.by[key], func(other needle) bool { return bytes.Equal(other.form, one.form) }) {
		return
	}
	n.by[key] = append(n.by[key], one)
	n.longest = max(n.longest, len(one.form))
	h := begin(one.form)
	n.begins[h>>6] |= 1 << (h & 63)
}

// begin hashes the first four bytes to 22 bits.
func begin(b []byte) uint32 { return binary.LittleEndian.Uint32(b) * 2654435761 >> 10 }

// base64s are what stands in base64 wherever the text begins in what is encoded,
// without the characters that its neighbours decide too.
func base64s(text string) (forms []string) {
	for _, encoding := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
		for before := range 3 {
			encoded := encoding.EncodeToString(append(make([]byte, before), text...))
			forms = append(forms, encoded[(before*8+5)/6:(before+len(text))*8/6])
		}
	}
	return forms
}

// search reports the needles that stand in what is read, each once.
func (n *needles) search(r io.Reader) (found []string, err error) {
	seen := map[string]bool{}
	buffer := n.room()
	for {
		kept := len(buffer)
		read, err := io.ReadFull(r, buffer[kept:cap(buffer)])
		buffer = buffer[:kept+read]
		found = n.within(buffer, seen, found)
		if err == io.EOF || err == io.ErrUnexpectedEOF {
			return found, nil
		}
		if err != nil {
			return found, err
		}
		tail := min(len(buffer), n.longest-1)
		buffer = append(buffer[:0], buffer[len(buffer)-tail:]...)
	}
}

// room is where search reads to; the same each time.
func (n *needles) room() []byte {
	if n.buffer == nil {
		n.buffer = make([]byte, 0, 1<<20+n.longest)
	}
	return n.buffer[:0]
}

// within adds the needles that stand in a text and were not seen yet.
func (n *needles) within(text []byte, seen map[string]bool, found []string) []string {
	n.scan(text, func(one needle) {
		if hit := fmt.Sprintf("%s: %s", one.what, one.form); !seen[hit] {
			seen[hit] = true
			found = append(found, hit)
		}
	})
	return found
}

func (n *needles) scan(text []byte, hit func(needle)) {
	for i := 0; i+least <= len(text); i++ {
		h := begin(text[i:])
		if n.begins[h>>6]&(1<<(h&63)) == 0 {
			continue
		}
		for _, one := range n.by[binary.LittleEndian.Uint64(text[i:])] {
			if bytes.HasPrefix(text[i:], one.form) {
				hit(one)
			}
		}
	}
}
