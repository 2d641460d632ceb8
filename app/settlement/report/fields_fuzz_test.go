package report_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"tieout/app/settlement/report"
)

// FuzzFields: a raw row is taken apart whatever it is, every byte of it once.
func FuzzFields(f *testing.F) {
	f.Add([]byte("settlement-id\tamount"), []byte("1\t2\r\n"), "")
	f.Add([]byte("\xef\xbb\xbfsettlement-id"), []byte("\x83\x65\t\x00"), "cp932")
	f.Add([]byte(nil), []byte(`<Order><AmazonOrderID>1</AmazonOrderID><Fee currency="USD">&#11;&lol;</Fee></Order>`), "")
	f.Add([]byte(nil), []byte(`<a><b></a></b></c><!DOCTYPE x [<!ENTITY l "lol">]>`), "utf-8")
	f.Fuzz(func(t *testing.T, header, row []byte, charset string) {
		fields := report.Fields(header, row, report.Options{Charset: charset})
		size := 0
		for _, field := range fields {
			size += len(field.Value)
		}
		require.LessOrEqual(t, size, 8*len(row)+16, "nothing grows")
	})
}
