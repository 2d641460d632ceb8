package mapping_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"tieout/app/mapping"
	"tieout/app/settlement/report"
)

// subjects collects what a report's lines look like to rules.
type subjects map[mapping.Subject]int

func (s subjects) Begin(report.Head) error                  { return nil }
func (s subjects) Settlement(int, *report.Settlement) error { return nil }
func (s subjects) Line(line *report.Line) error {
	sign := 0
	switch {
	case line.Amount > 0:
		sign = 1
	case line.Amount < 0:
		sign = -1
	}
	s[mapping.Subject{Kind: mapping.Kind{
		Marketplace: line.Kind.Marketplace, TransactionType: line.Kind.TransactionType, AmountType: line.Kind.AmountType,
		AmountDescription: line.Kind.AmountDescription, Sign: sign,
	}, Fulfillment: line.Fulfillment}]++
	return nil
}

func TestTemplateMapsEveryLineOfTheRealReports(t *testing.T) {
	t.Parallel()
	matcher := summaryMatcher(t)
	files, err := filepath.Glob(filepath.Join(reference(t, "settlement", "samples"), "v*.txt"))
	require.NoError(t, err)
	require.Len(t, files, 6)
	memo := 0
	for _, name := range files {
		file, err := os.Open(name)
		require.NoError(t, err)
		found := subjects{}
		_, err = report.Parse(t.Context(), file, report.Options{}, found)
		require.NoError(t, err)
		require.NoError(t, file.Close())
		require.NotEmpty(t, found)
		for subject, lines := range found {
			rule, ok := matcher.Match(subject)
			require.True(t, ok, "%s: unmapped: %s (%+d)", filepath.Base(name), subject.Kind, subject.Sign)
			if rule.Category == mapping.Memo {
				require.Zero(t, subject.Sign)
				memo += lines
			}
		}
	}
	require.Positive(t, memo, "the older reports have rows without an amount")
}
