// Package invariant proves the books: every rule that the numbers must obey is
// recomputed from the stored evidence, independently of the triggers and of
// the code that is meant to hold it.
package invariant

import (
	"context"
	"fmt"

	"tieout/app/audit"
	"tieout/app/document"
)

// Check is one rule and what was found against it.
type Check struct {
	Name     string   `json:"name"`
	Rule     string   `json:"rule"`
	Examined int64    `json:"examined"`
	Broken   int64    `json:"broken"`
	Examples []string `json:"examples,omitempty"` // the first broken ones, in words
}

// Holds reports whether nothing was found against the rule.
func (c Check) Holds() bool { return c.Broken == 0 }

// maxExamples bounds what one check tells in words.
const maxExamples = 20

// Further is a check that SQL cannot make, because it runs the program's own
// arithmetic again.
type Further func(context.Context) (Check, error)

// Verify runs every check, in the order in which they are documented, and then
// further ones.
func Verify(ctx context.Context, db Querier, further ...Further) ([]Check, error) {
	checks := make([]Check, 0, len(rules)+2)
	for _, r := range rules {
		c, err := r.run(ctx, db)
		if err != nil {
			return nil, fmt.Errorf("check %s: %w", r.name, err)
		}
		checks = append(checks, c)
	}
	documents, err := verifyDocuments(ctx, db)
	if err != nil {
		return nil, err
	}
	chain, err := verifyChain(ctx, db)
	if err != nil {
		return nil, err
	}
	checks = append(checks, documents, chain)
	for _, check := range further {
		c, err := check(ctx)
		if err != nil {
			return nil, err
		}
		checks = append(checks, c)
	}
	return checks, nil
}

// Found makes a check of what was found, in words.
func Found(name, rule string, examined int64, broken []string) Check {
	return Check{Name: name, Rule: rule, Examined: examined, Broken: int64(len(broken)), Examples: broken[:min(len(broken), maxExamples)]}
}

func verifyChain(ctx context.Context, db Querier) (Check, error) {
	events, breaks, err := audit.Verify(ctx, db)
	if err != nil {
		return Check{}, fmt.Errorf("check audit chain: %w", err)
	}
	c := Check{Name: "audit-chain", Rule: "The audit log is complete and unchanged.", Examined: events, Broken: int64(len(breaks))}
	for _, b := range breaks[:min(len(breaks), maxExamples)] {
		c.Examples = append(c.Examples, fmt.Sprintf("event %d: %s", b.Seq, b.Reason))
	}
	return c, nil
}

func verifyDocuments(ctx context.Context, db Querier) (Check, error) {
	c := Check{Name: "documents", Rule: "Every stored document still has the bytes that its SHA-256 names."}
	bad, examined, err := document.Verify(ctx, db)
	if err != nil {
		return Check{}, fmt.Errorf("check documents: %w", err)
	}
	c.Examined, c.Broken = examined, int64(len(bad))
	for _, b := range bad[:min(len(bad), maxExamples)] {
		c.Examples = append(c.Examples, fmt.Sprintf("document %d: %s", b.ID, b.Reason))
	}
	return c, nil
}
