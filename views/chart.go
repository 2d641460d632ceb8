package views

import (
	"github.com/a-h/templ"
	"github.com/shopspring/decimal"
)

// Charts are drawn by the server in exact decimals; every number in them also
// stands as text in a table.

// Step is one bar of a waterfall: an amount that moves the running total, or a
// total that stands on zero.
type Step struct {
	Value decimal.Decimal
	Total bool
}

// Bar is the place of one step within a width of 100.
type Bar struct {
	From, Width string // where the bar begins and how long it is
	Zero        string // where zero lies
	Link        string // where the running total stands after this step
	Class       string // plus, minus or whole
}

// Waterfall lays steps out on one common scale, each beginning where the one
// before ended.
func Waterfall(steps []Step) []Bar {
	low, high := decimal.Zero, decimal.Zero
	running := decimal.Zero
	type span struct{ from, to decimal.Decimal }
	spans := make([]span, len(steps))
	for i, step := range steps {
		from, to := running, running.Add(step.Value)
		if step.Total {
			from, to = decimal.Zero, step.Value
		}
		spans[i] = span{from, to}
		running = to
		low = decimal.Min(low, from, to)
		high = decimal.Max(high, from, to)
	}
	scale := scaleOf(low, high, 100)
	bars := make([]Bar, len(steps))
	for i, s := range spans {
		left, right := scale(decimal.Min(s.from, s.to)), scale(decimal.Max(s.from, s.to))
		width := decimal.Max(right.Sub(left), decimal.New(5, -1)) // what is not zero is seen
		if s.from.Equal(s.to) {
			width = decimal.Zero
		}
		bars[i] = Bar{
			From:  left.String(),
			Width: width.String(),
			Zero:  scale(decimal.Zero).String(),
			Link:  scale(s.to).String(),
			Class: barClass(steps[i]),
		}
	}
	return bars
}

func barClass(step Step) string {
	switch {
	case step.Total:
		return "whole"
	case step.Value.IsNegative():
		return "minus"
	}
	return "plus"
}

// scaleOf maps low..high onto 0..length, with two decimals.
func scaleOf(low, high decimal.Decimal, length int64) func(decimal.Decimal) decimal.Decimal {
	spread := high.Sub(low)
	if spread.IsZero() {
		return func(decimal.Decimal) decimal.Decimal { return decimal.Zero }
	}
	return func(value decimal.Decimal) decimal.Decimal {
		return value.Sub(low).Mul(decimal.NewFromInt(length)).DivRound(spread, 2)
	}
}

// Trend is a small chart of one series over time.
type Trend struct {
	Title  string
	Figure string // the newest value, large
	Note   string // "against 12.1 % the cycle before"
	Points []Point
	Line   bool // a line instead of bars: for rates rather than sums
}

// Point is one value of a Trend.
type Point struct {
	Label string // "1 – 14 Nov"
	Text  string // the value as text
	Value decimal.Decimal
	Href  string
}

// mark is a bar of a trend within a field of 300 by 100.
type mark struct {
	x, y, width, height string
	point               Point
}

const trendWidth, trendHeight = 300, 100

// trendMarks lays the points out as bars that stand on zero.
func trendMarks(points []Point) (marks []mark, zero string) {
	if len(points) == 0 {
		return nil, "100"
	}
	scale := heights(points)
	slot := decimal.NewFromInt(trendWidth).DivRound(decimal.NewFromInt(int64(len(points))), 2)
	gap := decimal.Min(slot.DivRound(decimal.NewFromInt(5), 2), decimal.NewFromInt(4))
	base := scale(decimal.Zero)
	for i, point := range points {
		top, bottom := scale(point.Value), base
		if top.GreaterThan(bottom) {
			top, bottom = bottom, top
		}
		marks = append(marks, mark{
			x:      slot.Mul(decimal.NewFromInt(int64(i))).String(),
			y:      top.String(),
			width:  slot.Sub(gap).String(),
			height: bottom.Sub(top).String(),
			point:  point,
		})
	}
	return marks, base.String()
}

// trendLine returns the points of a polyline and of the area below it.
func trendLine(points []Point) (line, area string) {
	if len(points) == 0 {
		return "", ""
	}
	scale := rates(points)
	step := decimal.NewFromInt(trendWidth)
	if len(points) > 1 {
		step = step.DivRound(decimal.NewFromInt(int64(len(points)-1)), 2)
	}
	for i, point := range points {
		if i > 0 {
			line += " "
		}
		line += step.Mul(decimal.NewFromInt(int64(i))).String() + "," + scale(point.Value).String()
	}
	last := step.Mul(decimal.NewFromInt(int64(len(points) - 1))).String()
	base := decimal.NewFromInt(trendHeight).String()
	return line, "0," + base + " " + line + " " + last + "," + base
}

// rates maps values onto 0..100 from the top with room above and below: a line
// of rates shows its changes, not its distance from zero.
func rates(points []Point) func(decimal.Decimal) decimal.Decimal {
	low, high := points[0].Value, points[0].Value
	for _, point := range points {
		low = decimal.Min(low, point.Value)
		high = decimal.Max(high, point.Value)
	}
	room := decimal.Max(high.Sub(low).DivRound(decimal.NewFromInt(4), 6), decimal.New(1, -6))
	scale := scaleOf(low.Sub(room), high.Add(room), trendHeight)
	top := decimal.NewFromInt(trendHeight)
	return func(value decimal.Decimal) decimal.Decimal { return top.Sub(scale(value)) }
}

// heights maps values onto 0..100 from the top, zero included.
func heights(points []Point) func(decimal.Decimal) decimal.Decimal {
	low, high := decimal.Zero, decimal.Zero
	for _, point := range points {
		low = decimal.Min(low, point.Value)
		high = decimal.Max(high, point.Value)
	}
	scale := scaleOf(low, high, trendHeight)
	top := decimal.NewFromInt(trendHeight)
	return func(value decimal.Decimal) decimal.Decimal { return top.Sub(scale(value)) }
}

func (t Trend) spoken() string {
	return t.Title + ", " + Counted(len(t.Points), "value", "values") + "; the numbers follow in a table"
}

// table holds the same numbers, newest first.
func (t Trend) table() Table {
	table := Table{
		Caption: t.Title,
		Inside:  true,
		Dense:   true,
		Columns: []Column{{Label: "When"}, {Label: "Value", Kind: Number}},
	}
	for i := len(t.Points) - 1; i >= 0; i-- {
		point := t.Points[i]
		table.Rows = append(table.Rows, Row{Cells: []templ.Component{
			Anchor(Link{Text: point.Label, Href: point.Href}), Text(point.Text),
		}})
	}
	return table
}
