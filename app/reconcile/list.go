package reconcile

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"tieout/app/fault"
	"tieout/app/money"
	"tieout/app/period"
	"tieout/sqlc"
)

// List returns a page of items, the oldest first.
func (s *Service) List(ctx context.Context, f Filter) ([]Item, error) {
	return openItems(ctx, s.pool, f)
}

func openItems(ctx context.Context, db sqlc.DBTX, f Filter) ([]Item, error) {
	p := sqlc.ListOpenParams{ConnectionID: f.Connection, Name: string(f.Name), State: f.State, Cause: f.Cause, Currency: string(f.Currency), Pattern: f.pattern(),
		SinceFrom: f.From.Time(), SinceTo: f.To.Time(), AfterID: f.After.ID, AfterSince: f.After.Since.Time(), PageSize: int32(f.PageSize)}
	if f.To == (period.Date{}) {
		p.SinceTo = farAway().Time()
	}
	rows, err := sqlc.New(db).ListOpen(ctx, p)
	if err != nil {
		return nil, fmt.Errorf("list open items of %s: %w", f.Name, err)
	}
	list := make([]Item, len(rows))
	for i, r := range rows {
		list[i] = itemOf(sqlc.GetOpenRow(r))
	}
	return list, nil
}

// farAway is a day after every other.
func farAway() period.Date { return period.Date{Year: 9999, Month: 12, Day: 31} }

func itemOf(r sqlc.GetOpenRow) Item {
	i := Item{ID: r.ID, ConnectionID: r.ConnectionID, ConnectionName: r.ConnectionName, Name: Name(r.Name), Open: Open{Key: r.Key, Currency: money.Currency(r.Currency),
		Left: r.LeftAmount, Right: r.RightAmount, Units: r.Units, Cause: r.Cause, Detail: r.Detail, Hint: r.Hint, Since: period.DateOf(r.Since), Object: r.ObjectType, ObjectID: r.ObjectID}}
	if r.NoteID != 0 {
		i.Note = &Note{ID: r.NoteID, Amount: r.NoteAmount, Void: !r.Explained, Paired: r.Paired, Reason: r.Reason, By: r.WrittenName, At: moment(r.WrittenAt)}
	}
	return i
}

// Whole is an item with everything that was ever written about it, the newest
// first, and what it may be matched with.
type Whole struct {
	Item
	Notes       []Note
	Suggestions []Suggestion
}

// matchDays is how far apart two items may be that are suggested to belong together.
const matchDays = 31

// Get returns an item; fault.NotFound when there is none, or none any more.
func (s *Service) Get(ctx context.Context, id int64) (Whole, error) {
	q := sqlc.New(s.pool)
	r, err := q.GetOpen(ctx, id)
	if errors.Is(err, pgx.ErrNoRows) {
		return Whole{}, gone()
	}
	if err != nil {
		return Whole{}, fmt.Errorf("read item %d: %w", id, err)
	}
	w := Whole{Item: itemOf(r)}
	notes, err := q.NotesOfItem(ctx, sqlc.NotesOfItemParams{ConnectionID: r.ConnectionID, Name: r.Name, Key: r.Key, Currency: r.Currency})
	if err != nil {
		return w, fmt.Errorf("read notes of item %d: %w", id, err)
	}
	for _, n := range notes {
		w.Notes = append(w.Notes, Note{ID: n.ID, Amount: n.Amount, Reason: n.Reason, By: n.WrittenName, At: n.WrittenAt, Paired: n.Pair != nil, Undone: n.WithdrawnName, EndedAt: moment(n.WithdrawnAt),
			Void: n.WithdrawnAt == nil && !w.Explained()})
	}
	if w.Note == nil {
		w.Suggestions, err = s.suggestions(ctx, w.Item)
	}
	return w, err
}

func gone() error {
	return fault.New(fault.NotFound, "There is no such item. It leaves the list when both sides agree.")
}

func (s *Service) suggestions(ctx context.Context, i Item) ([]Suggestion, error) {
	rows, err := sqlc.New(s.pool).OppositesOfItem(ctx, sqlc.OppositesOfItemParams{ID: i.ID, Days: matchDays})
	if err != nil {
		return nil, fmt.Errorf("find what item %d comes to nothing with: %w", i.ID, err)
	}
	var list []Suggestion
	for _, r := range rows {
		why := "the same amount on the other side, the same day"
		if r.Days > 0 {
			why = fmt.Sprintf("the same amount on the other side, %d days apart", r.Days)
		}
		list = append(list, Suggestion{ID: r.ID, Key: r.Key, Difference: money.New(r.Difference, i.Currency), Cause: r.Cause, Detail: r.Detail, Since: period.DateOf(r.Since), Why: why})
	}
	return list, nil
}

// Groups returns what is open by cause and currency.
func (s *Service) Groups(ctx context.Context, connectionID int64, name Name) ([]Group, error) {
	rows, err := sqlc.New(s.pool).CauseOpen(ctx, sqlc.CauseOpenParams{ConnectionID: connectionID, Name: string(name)})
	if err != nil {
		return nil, fmt.Errorf("add open items of %s up by cause: %w", name, err)
	}
	list := make([]Group, len(rows))
	for i, r := range rows {
		list[i] = Group{r.Cause, r.Items, money.New(r.Amount, money.Currency(r.Currency)), period.DateOf(r.Oldest)}
	}
	return list, nil
}

// Ages returns what is open by age and currency.
func (s *Service) Ages(ctx context.Context, connectionID int64, name Name, today period.Date) ([]Bucket, error) {
	rows, err := sqlc.New(s.pool).AgeOpen(ctx, sqlc.AgeOpenParams{ConnectionID: connectionID, Name: string(name), Today: today.Time()})
	if err != nil {
		return nil, fmt.Errorf("add open items of %s up by age: %w", name, err)
	}
	list := make([]Bucket, len(rows))
	for i, r := range rows {
		list[i] = Bucket{int(r.Days), r.Items, money.New(r.Amount, money.Currency(r.Currency))}
	}
	return list, nil
}

// Totals returns everything that was compared, by currency.
func (s *Service) Totals(ctx context.Context, connectionID int64, name Name) ([]Total, error) {
	return readTotals(ctx, s.pool, connectionID, name)
}

func readTotals(ctx context.Context, db sqlc.DBTX, connectionID int64, name Name) ([]Total, error) {
	rows, err := sqlc.New(db).SumTotals(ctx, sqlc.SumTotalsParams{ConnectionID: connectionID, Name: string(name)})
	if err != nil {
		return nil, fmt.Errorf("read totals of %s: %w", name, err)
	}
	list := make([]Total, len(rows))
	for i, r := range rows {
		list[i] = Total{Currency: money.Currency(r.Currency), Compared: r.Compared, Left: r.LeftSum, Right: r.RightSum}
	}
	return list, nil
}
