package views_test

import (
	"testing"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	. "tieout/views" //nolint:revive // the package under test
)

func steps(total string, values ...string) []Step {
	var list []Step
	for _, value := range values {
		list = append(list, Step{Value: decimal.RequireFromString(value)})
	}
	return append(list, Step{Value: decimal.RequireFromString(total), Total: true})
}

func TestAWaterfallRunsFromZeroToItsTotal(t *testing.T) {
	t.Parallel()
	require.Equal(t, []Bar{
		{From: "0", Width: "100", Zero: "0", Link: "100", Class: "plus"},
		{From: "60", Width: "40", Zero: "0", Link: "60", Class: "minus"},
		{From: "60", Width: "20", Zero: "0", Link: "80", Class: "plus"},
		{From: "0", Width: "80", Zero: "0", Link: "80", Class: "whole"},
	}, Waterfall(steps("160", "200", "-80", "40")))
}

func TestAWaterfallMayGoBelowZero(t *testing.T) {
	t.Parallel()
	require.Equal(t, []Bar{
		{From: "50", Width: "50", Zero: "50", Link: "100", Class: "plus"},
		{From: "0", Width: "100", Zero: "50", Link: "0", Class: "minus"},
		{From: "0", Width: "50", Zero: "50", Link: "0", Class: "whole"},
	}, Waterfall(steps("-100", "100", "-200")))
}

func TestSmallBarsAreSeenAndAbsentOnesAreNot(t *testing.T) {
	t.Parallel()
	bars := Waterfall(steps("1000000.01", "1000000", "0.01", "0"))
	require.Equal(t, "0.5", bars[1].Width)
	require.Equal(t, "0", bars[2].Width)
}

func TestAWaterfallOfNothingIsFlat(t *testing.T) {
	t.Parallel()
	require.Equal(t, []Bar{{From: "0", Width: "0", Zero: "0", Link: "0", Class: "whole"}}, Waterfall(steps("0")))
	require.Empty(t, Waterfall(nil))
}

func TestATrendHoldsItsNumbersInATable(t *testing.T) {
	t.Parallel()
	for _, line := range []bool{false, true} {
		out := render(t, TrendChart(Trend{Title: "Sales", Line: line, Points: points("10", "-5", "20")}))
		for _, text := range []string{"10", "-5", "20", "Cycle 3", "<caption", "<svg"} {
			require.Contains(t, out, text)
		}
	}
}

func TestBarsStandOnZeroAndLinesFillTheHeight(t *testing.T) {
	t.Parallel()
	bars := render(t, TrendChart(Trend{Points: points("10", "-10")}))
	require.Contains(t, bars, `y="0" width="146" height="50"`)
	require.Contains(t, bars, `y="50" width="146" height="50"`)
	line := render(t, TrendChart(Trend{Line: true, Points: points("30", "32")}))
	require.Contains(t, line, `points="0,83.33 300,16.67"`)
	require.NotContains(t, render(t, TrendChart(Trend{Line: true, Points: points("5")})), "NaN")
}
