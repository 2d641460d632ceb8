package web

import (
	"fmt"
	"strconv"
	"strings"

	"tieout/app/deposit"
	"tieout/app/money"
	"tieout/views"
)

// bankTie says whether a settlement's deposit has come, and by which bank line.
func (s *server) bankTie(r *request, settlementID int64) (views.Check, error) {
	d, err := s.Deposits.Deposit(r.ctx(), settlementID)
	if err != nil {
		return views.Check{}, err
	}
	check := views.Check{Name: "Deposit at the bank", State: depositPill(d.State).State, Reason: r.bankReason(d)}
	matches, err := s.Deposits.Matches(r.ctx(), deposit.MatchFilter{Settlement: settlementID, PageSize: bankPageSize})
	if err != nil {
		return check, err
	}
	var received []string
	for _, m := range matches {
		check.Fix = views.Link{Text: "Open the match", Href: matchPath(m.ID)}
		for _, p := range m.Parts {
			if p.LineID != 0 && p.AmazonID == d.AmazonID {
				received = append(received, fmt.Sprintf("Received on %s by %q on %s.", r.format().Day(p.Booked).Text, p.Description, p.Account))
			}
		}
		if m.Difference != "" {
			received = append(received, "The difference: "+m.Difference)
		}
	}
	if len(received) > 0 {
		check.Reason = strings.TrimSpace(strings.Join(received, " ") + " " + check.Reason)
	} else if !d.Open().Value.IsZero() && r.mayMatch() {
		check.Fix = views.Link{Text: "Match by hand", Href: depositBase + "/match?deposit=" + strconv.FormatInt(settlementID, 10)}
	}
	return check, nil
}

func (r *request) bankReason(d deposit.Deposit) string {
	open := money.Format(d.Open().Value, d.Amount.Currency) + " " + string(d.Amount.Currency)
	switch d.State {
	case deposit.Received:
		return ""
	case deposit.Differs:
		return open + " of it has not come."
	case deposit.Missing:
		return fmt.Sprintf("Not received, %s after its date.", views.Counted(d.Age(r.today()), "day", "days"))
	case deposit.UnderWay:
		return "On its way: the bank statements do not reach that far yet."
	case deposit.Owed:
		return "Nothing comes: the next settlement takes it over, or a card is charged."
	case deposit.Bounced:
		return "The bank refused it; the next settlement pays it again."
	case deposit.Before:
		return "It is older than the first bank statement."
	case deposit.Unwatched:
		return "There is no bank statement of an account that it could come to."
	}
	return "Nothing is paid."
}
