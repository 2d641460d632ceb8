package main

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"tieout/app/amazon"
	"tieout/app/database"
)

// furtherSchema are migrations of versions to come, in the order in which they
// would be installed: one adds, one fills in, one takes away.
//
//go:embed soak_schema/*.sql
var furtherSchema embed.FS

// unknownJob is of a kind that only a version to come knows.
const unknownJob = "soak_of_a_newer_version"

// upgradeSchema brings the schema forward, version after version, while
// everything is at work on it, and gives it rights again each time; a newer
// version has jobs done meanwhile that this one does not know.
func (w *soakWorld) upgradeSchema(ctx context.Context, length time.Duration) error {
	owner, err := w.postgres.Database(ctx, demoDatabase)
	if err != nil {
		return err
	}
	pool, err := database.Open(ctx, owner)
	if err != nil {
		return err
	}
	defer pool.Close()
	if _, err := pool.Exec(ctx, `INSERT INTO river_job (kind, queue, args, max_attempts) SELECT $1, 'default', '{}', 3 FROM generate_series(1, 5)`, unknownJob); err != nil {
		return fmt.Errorf("ask for what nobody knows: %w", err)
	}
	steps, err := fs.Sub(furtherSchema, "soak_schema")
	if err != nil {
		return fmt.Errorf("read further migrations: %w", err)
	}
	files, err := fs.Glob(steps, "*.sql")
	if err != nil {
		return fmt.Errorf("read further migrations: %w", err)
	}
	for i := range files {
		if err := amazon.Sleep(ctx, length/time.Duration(len(files)+1)); err != nil {
			return err
		}
		if err := errors.Join(database.Upgrade(ctx, pool, upTo{steps, files[i]}), database.Grant(ctx, pool, demoRole)); err != nil {
			return fmt.Errorf("bring the schema forward to %s: %w", files[i], err)
		}
		w.tally.add("schema upgraded", 1)
	}
	var tried, left int
	err = pool.QueryRow(ctx, `SELECT count(*) FILTER (WHERE attempted_at IS NOT NULL), count(*) FILTER (WHERE state IN ('available', 'scheduled', 'running', 'retryable')) FROM river_job WHERE kind = $1`, unknownJob).Scan(&tried, &left)
	if err != nil {
		return fmt.Errorf("look for what nobody knows: %w", err)
	}
	if tried == 0 || left != 5 {
		return fmt.Errorf("%d of 5 jobs that only a newer version knows were met, and %d are left for it", tried, left)
	}
	if _, err := pool.Exec(ctx, `DELETE FROM river_job WHERE kind = $1`, unknownJob); err != nil {
		return fmt.Errorf("take back what nobody knows: %w", err)
	}
	return nil
}

// upTo is a folder without the files after one.
type upTo struct {
	fs.FS
	last string
}

// ReadDir implements fs.ReadDirFS.
func (f upTo) ReadDir(name string) ([]fs.DirEntry, error) {
	list, err := fs.ReadDir(f.FS, name)
	for i, entry := range list {
		if entry.Name() > f.last {
			return list[:i], err
		}
	}
	return list, err
}

// Glob implements fs.GlobFS.
func (f upTo) Glob(pattern string) ([]string, error) {
	list, err := fs.Glob(f.FS, pattern)
	for i, name := range list {
		if name > f.last {
			return list[:i], err
		}
	}
	return list, err
}
