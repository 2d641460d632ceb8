package web

import (
	"encoding/json"
	"net/url"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"tieout/app/fault"
	"tieout/app/money"
	"tieout/app/rates"
)

// FuzzInput reads every type out of any query or form: what is taken can be
// stored and compared, what is not is said by its field.
func FuzzInput(f *testing.F) {
	for _, seed := range []string{"", "x=1&x=2", "x=%00", "x=%ff%fe", "x=1e999999999", "x=-922337203685477.5808", "x=9999-99-99", "x=WyJhIiwiYiJd", "x=%E2%80%AE%3D1%2B1", "x=../../../etc/passwd", "x=9223372036854775808",
		"x=" + nextKey("1e999999999", "2"), "x=7.2026", "x=7.1.00ff", "entry=1.2.zz&item=1.1e9999999999&exception=1.-1", "rates=2026-11-20,GBP,USD,1.27%0A2026-11-20,GBP,USD,1e999"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, query string) {
		values, err := url.ParseQuery(query)
		if err != nil {
			return
		}
		for name := range values {
			in := &input{values, map[string]string{}}
			text := in.text(name, 40)
			require.True(t, utf8.ValidString(text) && !strings.Contains(text, "\x00") && utf8.RuneCountInString(text) <= 40)
			require.Contains(t, []string{"a", "b"}, in.choice(name, "a", "b"))
			n := in.number(name, 1, 9)
			require.True(t, n >= 0 && n <= 9)
			require.GreaterOrEqual(t, in.id(name), int64(0))
			for _, id := range in.ids(name) {
				require.Positive(t, id)
			}
			in.date(name)
			if amount := in.amount(name); amount.Valid {
				_, err := money.UnitsFromDecimal(amount.Decimal)
				require.NoError(t, err)
			}
			in.zone(name)
			if key := in.key(name, 2); key != nil {
				require.Len(t, key, 2)
			}
			feePlace(&input{url.Values{"after": values[name]}, map[string]string{}})
			if err := in.err(); err != nil {
				require.True(t, fault.Is(err, fault.Invalid))
				require.NotEmpty(t, sortedFields(err))
			}
		}
		in := &input{values, map[string]string{}}
		for _, e := range in.seenEntries() {
			require.Positive(t, e.id)
		}
		for _, i := range in.seenOpens() {
			require.False(t, i.difference.Equal(decimal.New(1, 300)))
		}
		for _, e := range in.seenExceptions() {
			require.Positive(t, e.id)
		}
		list, problems := typedRates(values.Get("rates"), 1, "because")
		for _, e := range list {
			_, words := e.Problem()
			require.Empty(t, words)
			require.LessOrEqual(t, -e.Value.Exponent(), int32(rates.Scale))
		}
		_ = problems
	})
}

// FuzzKey: the place in a list goes through an address and back.
func FuzzKey(f *testing.F) {
	f.Add("2026-11-14", "1234")
	f.Add("\x00\xff", "\u202e")
	f.Fuzz(func(t *testing.T, first, second string) {
		in := &input{url.Values{"after": {nextKey(first, second)}}, map[string]string{}}
		key := in.key("after", 2)
		if strings.ContainsRune(first+second, 0) {
			require.Nil(t, key, "the database holds no such text")
			return
		}
		require.Len(t, key, 2)
		require.Equal(t, strings.ToValidUTF8(first, "\uFFFD") == first, key[0] == first)
	})
}

// FuzzClaims: whatever an identity provider says of somebody is read as names of
// groups, a name and a moment, or as nothing.
func FuzzClaims(f *testing.F) {
	f.Add([]byte(`{"groups":["a","b"],"name":"Ann","auth_time":1764460800}`), "groups")
	f.Add([]byte(`{"realm":{"roles":"a"},"auth_time":1e30,"name":{}}`), "realm.roles")
	f.Add([]byte(`{"groups":[1,null,{}],"auth_time":-1}`), "groups")
	f.Add([]byte(`{"a":{"b":{"c":[]}}}`), "a.b.c.d")
	f.Fuzz(func(t *testing.T, raw []byte, name string) {
		claims := map[string]json.RawMessage{}
		if json.Unmarshal(raw, &claims) != nil {
			return
		}
		p := &provider{config: OIDC{GroupsClaim: name}}
		p.groups(claims)
		text(claims["name"])
		if at := authTime(claims); !at.IsZero() {
			require.Positive(t, at.Unix())
		}
	})
}

// FuzzFileName: a file's name is a name and nothing else, whatever a browser
// calls it.
func FuzzFileName(f *testing.F) {
	for _, seed := range []string{"", "..", `..\..\x`, "/etc/passwd", "a\r\nSet-Cookie: x", "\x00.pdf", "\xff", "\u202egnp.exe", strings.Repeat("é", 300), `a"b`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, name string) {
		got := fileName(name)
		require.NotEmpty(t, got)
		require.True(t, utf8.ValidString(got))
		require.LessOrEqual(t, utf8.RuneCountInString(got), 120)
		require.NotContains(t, strings.Map(func(c rune) rune {
			if c < ' ' || c == '"' || c == '\\' {
				return '!'
			}
			return '.'
		}, got), "!")
		require.NotContains(t, strings.TrimPrefix(got, "/"), "/")
	})
}
