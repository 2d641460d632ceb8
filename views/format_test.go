package views_test

import (
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"tieout/app/money"
	"tieout/app/period"
	. "tieout/views" //nolint:revive // the package under test
)

func TestMoneyIsShownWithItsCurrencyAndCopiedPlainly(t *testing.T) {
	t.Parallel()
	cases := []struct {
		value       string
		currency    money.Currency
		parentheses bool
		text, plain string
	}{
		{"1234567.5", "USD", false, "1,234,567.50", "1234567.50"},
		{"-1234.5", "USD", false, "-1,234.50", "-1234.50"},
		{"-1234.5", "USD", true, "(1,234.50)", "-1234.50"},
		{"1234", "JPY", true, "1,234", "1234"},
		{"-0.0001", "EUR", true, "(0.0001)", "-0.0001"},
		{"0", "EUR", true, "0.00", "0.00"},
	}
	for _, c := range cases {
		amount := Format{Parentheses: c.parentheses}.Money(money.New(decimal.RequireFromString(c.value), c.currency))
		require.Equal(t, c.text, amount.Text)
		require.Equal(t, c.plain, amount.Plain)
		require.Equal(t, string(c.currency), amount.Currency)
	}
}

func TestOnlyNothingIsZero(t *testing.T) {
	t.Parallel()
	for text, zero := range map[string]bool{"0": true, "0.00": true, "-0.00": true, "0.0001": false, "-10": false, "100.00": false} {
		require.Equal(t, zero, Format{}.Value(decimal.RequireFromString(text), "USD").Zero(), text)
	}
}

func TestTimesAreInThePersonsZoneWithUTCBeside(t *testing.T) {
	t.Parallel()
	zone, err := time.LoadLocation("America/New_York")
	require.NoError(t, err)
	at := time.Date(2026, 11, 1, 3, 30, 5, 0, time.UTC)
	when := Format{Zone: zone}.Time(at)
	require.Equal(t, When{Text: "31 Oct 2026 23:30", ISO: "2026-11-01T03:30:05Z", Hint: "2026-11-01 03:30:05 UTC"}, when)
	require.Equal(t, "1 Nov 2026 03:30", Format{}.Time(at).Text)
	require.Equal(t, When{}, Format{}.Time(time.Time{}))
}

func TestAgoCountsInTheLargestUnit(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	for distance, text := range map[time.Duration]string{
		12 * time.Second: "12 s ago", 90 * time.Minute: "1 h ago", 47 * time.Hour: "47 h ago", 49 * time.Hour: "2 d ago", -5 * time.Minute: "in 5 min",
	} {
		require.Equal(t, text, Format{}.Ago(now.Add(-distance), now).Text)
	}
	require.Equal(t, When{}, Format{}.Ago(time.Time{}, now))
}

func TestDaysHaveNoZone(t *testing.T) {
	t.Parallel()
	d := period.Date{Year: 2026, Month: 11, Day: 3}
	require.Equal(t, When{Text: "3 Nov 2026", ISO: "2026-11-03"}, Format{Zone: time.FixedZone("", -12*3600)}.Day(d))
	require.Equal(t, When{}, Format{}.Day(period.Date{}))
}

func TestACycleDoesNotRepeatItself(t *testing.T) {
	t.Parallel()
	date := func(text string) period.Date {
		d, err := period.ParseDate(text)
		require.NoError(t, err)
		return d
	}
	require.Equal(t, "1 – 14 Nov 2026", Format{}.Cycle(date("2026-11-01"), date("2026-11-14")))
	require.Equal(t, "30 Oct – 12 Nov 2026", Format{}.Cycle(date("2026-10-30"), date("2026-11-12")))
	require.Equal(t, "28 Dec 2026 – 10 Jan 2027", Format{}.Cycle(date("2026-12-28"), date("2027-01-10")))
}

func TestCountsSizesAndShares(t *testing.T) {
	t.Parallel()
	for n, text := range map[int]string{0: "0", 999: "999", 1000: "1,000", 1234567: "1,234,567", -1234: "-1,234", -123: "-123"} {
		require.Equal(t, text, Count(n))
	}
	require.Equal(t, "1 line", Counted(1, "line", "lines"))
	require.Equal(t, "0 lines", Counted(0, "line", "lines"))
	for n, text := range map[int64]string{0: "0 bytes", 999: "999 bytes", 1000: "1 kB", 212_440_000: "212.4 MB", 9_000_000_000_000_000: "9000 TB"} {
		require.Equal(t, text, Bytes(n))
	}
	require.Equal(t, "31.4 %", Percent(decimal.RequireFromString("31.42"), decimal.NewFromInt(100)))
	require.Equal(t, "–", Percent(decimal.NewFromInt(1), decimal.Zero))
	require.Equal(t, "3fa9…", Short("3fa9c0d1", 4))
	require.Equal(t, "3fa9", Short("3fa9", 4))
}

func TestInitialsOfAnyName(t *testing.T) {
	t.Parallel()
	for name, initials := range map[string]string{"Ada Nyström": "AN", "Ada de la Nyström": "AN", "ada": "A", "": "?", "42": "?", "éric": "É"} {
		require.Equal(t, initials, Person{Name: name}.Initials(), name)
	}
}
