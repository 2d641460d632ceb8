package mapping

// Written is a list of rules as a person wrote it into a workbook.
type Written struct {
	Rules    []Rule            // in order; Lineage says which rule a row was, 0 is a new one
	Accounts map[string]string // slot -> account
	Problems []CellProblem     // everything that is wrong; the rest is not to be used then
}

// CellProblem is a cell that cannot be used, with what to do.
type CellProblem struct {
	Sheet, Cell, Message string
}

// In gives the rules that were rules of the draft their ids there.
func (w Written) In(draft *RuleSet) []Rule {
	ids := map[int64]int64{}
	for _, rule := range draft.Rules {
		ids[rule.Lineage] = rule.ID
	}
	rules := make([]Rule, len(w.Rules))
	for i, rule := range w.Rules {
		rule.ID = ids[rule.Lineage]
		rules[i] = rule
	}
	return rules
}
