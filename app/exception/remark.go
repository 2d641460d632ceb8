package exception

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"tieout/app/audit"
	"tieout/app/fault"
	"tieout/sqlc"
)

const objectType = "exception"

// Remark is what a person wrote about an exception.
type Remark = sqlc.CommentsOfRow

// Comment adds a remark to an exception, open or closed.
func (q *Queue) Comment(ctx context.Context, id int64, body string, actor audit.Actor) error {
	if body == "" {
		return fault.InvalidFields(map[string]string{"body": "Write something first."})
	}
	return pgx.BeginFunc(ctx, q.pool, func(tx pgx.Tx) error {
		e, err := get(ctx, tx, id)
		if err != nil {
			return err
		}
		_, err = sqlc.New(tx).InsertComment(ctx, sqlc.InsertCommentParams{ObjectType: objectType, ObjectID: id, PersonID: actor.PersonID, Body: body})
		if err != nil {
			return fmt.Errorf("insert comment on exception %d: %w", id, err)
		}
		return audit.Write(ctx, tx, audit.Event{Actor: actor, Action: "commented", ObjectType: objectType, ObjectID: id, ConnectionID: e.ConnectionID})
	})
}

// Comments returns the remarks on an exception, oldest first.
func (q *Queue) Comments(ctx context.Context, id int64) ([]Remark, error) {
	remarks, err := sqlc.New(q.pool).CommentsOf(ctx, sqlc.CommentsOfParams{ObjectType: objectType, ObjectID: id})
	if err != nil {
		return nil, fmt.Errorf("read comments of exception %d: %w", id, err)
	}
	return remarks, nil
}

// History returns what people did with an exception, oldest first.
func (q *Queue) History(ctx context.Context, id int64) ([]sqlc.HistoryOfRow, error) {
	events, err := sqlc.New(q.pool).HistoryOf(ctx, sqlc.HistoryOfParams{ObjectType: objectType, ObjectID: fmt.Sprint(id)})
	if err != nil {
		return nil, fmt.Errorf("read history of exception %d: %w", id, err)
	}
	return events, nil
}
