package web

import (
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"tieout/app/fault"
)

func TestInputIsReadWithTypes(t *testing.T) {
	t.Parallel()
	in := &input{url.Values{
		"name": {"  Ada  "}, "n": {"12"}, "id": {"7"}, "ids": {"1", "2"}, "day": {"2026-11-30"}, "amount": {"-1,234.50"},
		"sort": {"name"}, "on": {"on"}, "zone": {"America/Chicago"},
	}, map[string]string{}}
	require.Equal(t, "Ada", in.needed("name", 10, "Type a name."))
	require.Equal(t, 12, in.number("n", 1, 20))
	require.Equal(t, int64(7), in.id("id"))
	require.Equal(t, []int64{1, 2}, in.ids("ids"))
	require.Equal(t, "2026-11-30", in.date("day").String())
	require.Equal(t, "-1234.5", in.amount("amount").Decimal.String())
	require.Equal(t, "name", in.choice("sort", "date", "name"))
	require.Equal(t, "date", in.choice("other", "date", "name"))
	require.True(t, in.checked("on"))
	require.False(t, in.checked("off"))
	require.Equal(t, "America/Chicago", in.zone("zone"))
	require.Empty(t, in.text("nothing", 5))
	require.False(t, in.amount("nothing").Valid)
	require.NoError(t, in.err())
}

func TestEveryWrongFieldIsNamed(t *testing.T) {
	t.Parallel()
	in := &input{url.Values{
		"long": {strings.Repeat("é", 6)}, "binary": {"a\x00b"}, "broken": {"\xff"}, "n": {"21"}, "n2": {"1.5"}, "id": {"-7"}, "ids": {"1", "x"},
		"day": {"30.11.2026"}, "amount": {"1e9"}, "amount2": {"0.00001"}, "amount3": {"99999999999999999999"}, "sort": {"drop table"}, "zone": {"Mars"},
	}, map[string]string{}}
	in.text("long", 5)
	in.text("binary", 5)
	in.text("broken", 5)
	in.number("n", 1, 20)
	in.number("n2", 1, 20)
	in.id("id")
	in.ids("ids")
	in.date("day")
	in.amount("amount")
	in.amount("amount2")
	in.amount("amount3")
	in.choice("sort", "date", "name")
	in.zone("zone")
	in.needed("missing", 5, "Say why.")
	err := in.err()
	require.Equal(t, fault.Invalid, fault.CodeOf(err))
	require.Len(t, fault.FieldsOf(err), 14)
	require.Equal(t, "Say why.", fault.FieldsOf(err)["missing"])
}

func TestPagingKeysComeBackOrBeginAnew(t *testing.T) {
	t.Parallel()
	key := nextKey("2026-11-14T00:00:00Z", "12 & 13/%")
	require.Equal(t, key, url.QueryEscape(key))
	read := func(text string, parts int) []string {
		return (&input{url.Values{"after": {text}}, map[string]string{}}).key("after", parts)
	}
	require.Equal(t, []string{"2026-11-14T00:00:00Z", "12 & 13/%"}, read(key, 2))
	for _, wrong := range []string{"", "!", "e30", "bnVsbA", nextKey("one")} {
		require.Nil(t, read(wrong, 2), wrong)
	}
}

// TestAPlaceInAListIsADayAndAnId takes keys that somebody made up.
func TestAPlaceInAListIsADayAndAnId(t *testing.T) {
	t.Parallel()
	read := func(key string) (string, int64, bool) {
		on, id, ok := (&input{url.Values{"after": {key}}, map[string]string{}}).dayKey("after")
		return on.String(), id, ok
	}
	on, id, ok := read(nextKey("2026-11-30", "7"))
	require.True(t, ok)
	require.Equal(t, "2026-11-30", on)
	require.EqualValues(t, 7, id)
	for _, wrong := range []string{"", "?", nextKey("1", "2"), nextKey("2026-11-30"), nextKey("2026-13-30", "2"), nextKey("2026-11-30", "2", "3"), nextKey("\x00", "2")} {
		_, _, ok := read(wrong)
		require.False(t, ok, wrong)
	}
	require.Nil(t, (&input{url.Values{"after": {nextKey("a\x00b")}}, map[string]string{}}).key("after", 1), "the database holds no such text")
}

func TestOnlyPathsOfThisSiteAreReturnedTo(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"/", "/settlements", "/journal/7?tab=lines&after=a%2Fb", "/settlements?q=https://evil.example"} {
		require.Equal(t, path, safePath(path))
	}
	for _, path := range []string{
		"", "settlements", "https://evil.example", "HTTPS://evil.example", "//evil.example", "///evil.example", `/\evil.example`, `\\evil.example`,
		"/\tevil.example", "/\r\nLocation: https://evil.example", "javascript:alert(1)", "/\x00", "https:/evil.example", "/%zz",
		"/sign-in", "/sign-in/start", "/sign-in/callback?code=x", "/sign-out", "/signed-out",
	} {
		require.Equal(t, "/", safePath(path), "%q", path)
	}
	require.Equal(t, "/signatures", safePath("/signatures"))
}

func FuzzSafePath(f *testing.F) {
	f.Add("//evil.example")
	f.Add(`/\evil.example`)
	f.Add("/a?b#c")
	base := &url.URL{Scheme: "https", Host: "tieout.example", Path: "/x"}
	f.Fuzz(func(t *testing.T, text string) {
		to, err := base.Parse(safePath(text))
		require.NoError(t, err)
		require.Equal(t, "tieout.example", to.Host)
		require.Equal(t, "https", to.Scheme)
	})
}
