package main

import (
	"bytes"
	"context"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"tieout/app/deposit"
	"tieout/app/period"
	"tieout/cmd/sandbox/p21"
	"tieout/cmd/sandbox/seller"
	"tieout/cmd/sandbox/server"
)

// begin has the administrator say from when the books are kept here, and the
// accountant name the bank accounts.
func (s *staff) begin(ctx context.Context) error {
	for i, side := range s.world.sandbox.Connections() {
		c, err := s.world.connections.ByName(ctx, side.Name)
		if err != nil {
			return err
		}
		p, err := s.world.connections.Policy(ctx, c.ID)
		if err != nil {
			return err
		}
		zone, err := time.LoadLocation(side.TimeZone)
		if err != nil {
			return fmt.Errorf("load time zone of %s: %w", side.Name, err)
		}
		policy := url.Values{"version": {fmt.Sprint(p.Version)}, "second_approval_from": {p.SecondApprovalFrom.Decimal.String()}, "fresh_sign_in_minutes": {fmt.Sprint(p.FreshSignInMinutes)},
			"closed_period": {p.ClosedPeriod}, "rate_source": {p.RateSource}, "held_sales": {p.HeldSales}, "deferred_account": {p.DeferredAccount}, "rounding_limit": {p.RoundingLimit.String()},
			"claim_days": {fmt.Sprint(p.ClaimDays)}, "books_from": {period.DateOf(s.world.sellers[i].First.In(zone)).String()}}
		if _, err := s.administrator.post(ctx, fmt.Sprintf("/admin/policies/%d", c.ID), policy); err != nil {
			return err
		}
		account := url.Values{"name": {bankOf(side)}, "currency": {side.Currency}, "gl_account": {p21.Bank}, fmt.Sprintf("connection-%d", c.ID): {"on"}}
		if _, err := s.accountant.post(ctx, "/reconciliation/accounts", account); err != nil {
			return err
		}
	}
	return s.world.rest(ctx)
}

func bankOf(side server.Connection) string { return "Operating " + side.Name }

// uploadStatements uploads what each bank tells of the month; the first time the
// columns of the file are chosen.
func (s *staff) uploadStatements(ctx context.Context, month period.Period) error {
	accounts, err := s.world.deposits().Accounts(ctx)
	if err != nil {
		return err
	}
	for i, side := range s.world.sandbox.Connections() {
		at := slices.IndexFunc(accounts, func(a deposit.Account) bool { return a.Name == bankOf(side) })
		if at < 0 {
			return fmt.Errorf("%s has no bank account", side.Name)
		}
		var statement bytes.Buffer
		if err := seller.NewBooks(s.world.sellers[i]).WriteBank(&statement, month.Starts.Time(), month.Ends.AddDays(1).Time().Add(-time.Second), s.world.told); err != nil {
			return err
		}
		led, err := s.accountant.upload(ctx, "/reconciliation/statements", "account", accounts[at].ID, fmt.Sprintf("%s-%s.csv", side.Name, month.Key()), statement.Bytes())
		if err != nil {
			return err
		}
		path, _, asked := strings.Cut(led.path, "?account=")
		if !asked {
			continue
		}
		columns := url.Values{"account": {strconv.FormatInt(accounts[at].ID, 10)}, "delimiter": {","}, "comma": {"false"}, "dates": {"MM/DD/YYYY"}, "header": {"on"},
			"booked": {"1"}, "description-1": {"2"}, "amount": {"3"}, "balance": {"4"}}
		if _, err := s.accountant.post(ctx, path, columns); err != nil {
			return err
		}
	}
	return nil
}

func (w *yearWorld) deposits() *deposit.Service { return deposit.NewService(w.pool, w.clock) }

// matchDeposits accepts what the rules are sure of, in bulk, and looks at the
// rest one by one.
func (s *staff) matchDeposits(ctx context.Context, _ period.Period) error {
	for _, side := range s.world.sandbox.Connections() {
		c, err := s.world.connections.ByName(ctx, side.Name)
		if err != nil {
			return err
		}
		if _, err := s.accountant.post(ctx, fmt.Sprintf("/reconciliation/deposits/accept-all?connection=%d", c.ID), nil); err != nil {
			return err
		}
		for _, step := range []func(context.Context, int64) error{s.matchPossible, s.explainMissing, s.setAside} {
			if err := step(ctx, c.ID); err != nil {
				return fmt.Errorf("%s: %w", side.Name, err)
			}
		}
	}
	return nil
}

// matchPossible decides on suggestions that are not sure: a deposit that arrived
// short is matched with what explains the rest.
func (s *staff) matchPossible(ctx context.Context, connection int64) error {
	found, err := s.world.deposits().Suggest(ctx, connection)
	if err != nil {
		return err
	}
	for _, m := range found.Possible {
		if m.Difference.IsZero() {
			if _, err := s.accountant.post(ctx, "/reconciliation/deposits/accept", url.Values{"key": {m.Key()}}); err != nil {
				return err
			}
			continue
		}
		form := url.Values{"deposit": numbers(m.Left), "line": numbers(m.Right), "reason": {"The bank's text names the settlement."}, "difference": {"The bank kept its fee."}}
		if _, err := s.accountant.post(ctx, "/reconciliation/deposits/match", form); err != nil {
			return err
		}
	}
	return nil
}

func numbers(ids []int64) []string {
	texts := make([]string, len(ids))
	for i, id := range ids {
		texts[i] = strconv.FormatInt(id, 10)
	}
	return texts
}

// explainMissing signs for deposits that never came.
func (s *staff) explainMissing(ctx context.Context, connection int64) error {
	missing, err := s.world.deposits().Deposits(ctx, deposit.Filter{Connection: connection, State: string(deposit.Missing), PageSize: 100})
	if err != nil {
		return err
	}
	for _, d := range missing {
		form := url.Values{"deposit": numbers([]int64{d.SettlementID}), "reason": {"Asked Amazon for the trace of it."}, "difference": {"It never came; Amazon traces it."}}
		if _, err := s.accountant.post(ctx, "/reconciliation/deposits/match", form); err != nil {
			return err
		}
	}
	return nil
}

// setAside says of bank lines that look like Amazon's what they are.
func (s *staff) setAside(ctx context.Context, connection int64) error {
	lines, err := s.world.deposits().Lines(ctx, deposit.LineFilter{Connection: connection, State: deposit.LineAmazon, PageSize: 100})
	if err != nil {
		return err
	}
	for _, l := range lines {
		if !strings.Contains(l.Description, "REFUND OF A PURCHASE") {
			continue // it belongs to a deposit; what is left of it will be seen
		}
		if _, err := s.accountant.post(ctx, fmt.Sprintf("/reconciliation/deposits/lines/%d/ignore", l.ID), url.Values{"reason": {"Refund of something that the company bought."}}); err != nil {
			return err
		}
	}
	return nil
}
