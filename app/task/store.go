package task

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"tieout/app/database"
	"tieout/app/fault"
	"tieout/sqlc"
)

// Create stores a task that waits for its work.
func Create(ctx context.Context, db sqlc.DBTX, n New) (int64, error) {
	id, err := sqlc.New(db).InsertTask(ctx, sqlc.InsertTaskParams{ConnectionID: database.Key(n.ConnectionID), Kind: n.Kind, Title: n.Title, Unit: n.Unit,
		Total: n.Total, CreatedBy: database.Key(n.CreatedBy)})
	if err != nil {
		return 0, fmt.Errorf("create task: %w", err)
	}
	return id, nil
}

// Start says that the work has begun.
func Start(ctx context.Context, db sqlc.DBTX, id int64) error {
	if err := sqlc.New(db).StartTask(ctx, id); err != nil {
		return fmt.Errorf("start task %d: %w", id, err)
	}
	return nil
}

// Advance says how much is done. cancel reports that somebody wants it stopped.
func Advance(ctx context.Context, db sqlc.DBTX, id, done int64) (cancel bool, err error) {
	cancel, err = sqlc.New(db).AdvanceTask(ctx, sqlc.AdvanceTaskParams{ID: id, Done: done})
	if err != nil {
		return false, fmt.Errorf("advance task %d: %w", id, err)
	}
	return cancel, nil
}

// Finish says what came of the work.
func Finish(ctx context.Context, db sqlc.DBTX, id int64, state, message, link string) error {
	if err := sqlc.New(db).FinishTask(ctx, sqlc.FinishTaskParams{ID: id, State: state, Message: message, Link: link}); err != nil {
		return fmt.Errorf("finish task %d: %w", id, err)
	}
	return nil
}

// Cancel asks the work to stop.
func Cancel(ctx context.Context, db sqlc.DBTX, id int64) error {
	changed, err := sqlc.New(db).CancelTask(ctx, id)
	if err != nil {
		return fmt.Errorf("cancel task %d: %w", id, err)
	}
	if changed == 0 {
		return fault.New(fault.Conflict, "This work is finished already.")
	}
	return nil
}

// Get returns a task; fault.NotFound when there is none.
func Get(ctx context.Context, db sqlc.DBTX, id int64) (Task, error) {
	row, err := sqlc.New(db).GetTask(ctx, id)
	if errors.Is(err, pgx.ErrNoRows) {
		return Task{}, fault.New(fault.NotFound, "There is no task %d.", id)
	}
	if err != nil {
		return Task{}, fmt.Errorf("read task %d: %w", id, err)
	}
	return task(row), nil
}

// Recent returns the newest tasks.
func Recent(ctx context.Context, db sqlc.DBTX, limit int32) ([]Task, error) {
	rows, err := sqlc.New(db).RecentTasks(ctx, limit)
	if err != nil {
		return nil, fmt.Errorf("read tasks: %w", err)
	}
	tasks := make([]Task, len(rows))
	for i, r := range rows {
		tasks[i] = task(r)
	}
	return tasks, nil
}

func task(r sqlc.Task) Task {
	t := Task{ID: r.ID, Kind: r.Kind, Title: r.Title, State: r.State, Done: r.Done, Total: r.Total, Unit: r.Unit, Message: r.Message, Link: r.Link,
		CreatedAt: r.CreatedAt, StartedAt: r.StartedAt, FinishedAt: r.FinishedAt}
	if r.ConnectionID != nil {
		t.ConnectionID = *r.ConnectionID
	}
	if r.CreatedBy != nil {
		t.CreatedBy = *r.CreatedBy
	}
	return t
}
