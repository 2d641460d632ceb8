package mapping

// Shadow tells how one rule and its neighbours compete. Rules are named by
// their index in the set.
type Shadow struct {
	Wins      int   // subjects that fall to the rule
	Loses     int   // subjects it would match but an earlier rule takes
	LosesTo   []int // the earlier rules that take them, in order
	Hides     []int // the later rules that would match what it takes, in order
	CoveredBy int   // an earlier rule that matches everything it matches, -1 when none
}

// Dead reports whether the rule can never match, whatever Amazon sends.
func (s Shadow) Dead() bool { return s.CoveredBy >= 0 }

// Shadows returns one Shadow per rule of the matcher's set: how it fares with
// the given subjects, and whether an earlier rule leaves it nothing at all.
func Shadows(m *Matcher, subjects []Subject) []Shadow {
	shadows := make([]Shadow, len(m.rules))
	hides := make([]map[int]bool, len(m.rules))
	for i := range shadows {
		shadows[i].CoveredBy = m.coveredBy(i)
		hides[i] = map[int]bool{}
	}
	for _, subject := range subjects {
		winner := -1
		m.each(subject, func(i int) bool {
			if winner < 0 {
				winner = i
				shadows[i].Wins++
				return true
			}
			shadows[i].Loses++
			hides[winner][i] = true
			return true
		})
	}
	for winner := range shadows {
		for loser := winner + 1; loser < len(shadows); loser++ {
			if hides[winner][loser] {
				shadows[winner].Hides = append(shadows[winner].Hides, loser)
				shadows[loser].LosesTo = append(shadows[loser].LosesTo, winner)
			}
		}
	}
	return shadows
}

func (m *Matcher) coveredBy(number int) int {
	for earlier := range number {
		if m.rules[earlier].covers(&m.rules[number]) {
			return earlier
		}
	}
	return -1
}
