package database_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/require"

	"tieout/app/database"
	"tieout/app/database/dbtest"
	"tieout/app/fault"
)

func TestTriggersSpeakToPeople(t *testing.T) {
	t.Parallel()
	pool := dbtest.New(t)
	_, err := pool.Exec(t.Context(), `DELETE FROM audit_event`)
	err = database.Translate(err)
	require.Equal(t, fault.Conflict, fault.CodeOf(err))
	require.Equal(t, "Audit event is evidence and cannot be changed or deleted.", fault.MessageOf(err))
}

func TestErrorsOfTheDatabaseAreTranslated(t *testing.T) {
	t.Parallel()
	for state, want := range map[string]fault.Code{
		"TO001": fault.Conflict, "TO002": fault.Forbidden, "TO003": fault.Conflict, "TO004": fault.Unauthorised,
		"23505": fault.Conflict, "23503": fault.Invalid, "23514": fault.Invalid, "23502": fault.Invalid,
		"40001": fault.Conflict, "40P01": fault.Conflict,
		"57014": fault.Unavailable, "57P01": fault.Unavailable, "53300": fault.Unavailable, "08006": fault.Unavailable,
		"42P01": fault.Internal, "22P02": fault.Internal,
	} {
		err := database.Translate(fmt.Errorf("write entry: %w", &pgconn.PgError{Code: state, Message: "said."}))
		require.Equal(t, want, fault.CodeOf(err), state)
		var cause *pgconn.PgError
		require.ErrorAs(t, err, &cause, "the cause stays for the log")
	}
}

func TestATriggersMessageBecomesOneSentence(t *testing.T) {
	t.Parallel()
	for said, want := range map[string]string{"entry is closed": "Entry is closed.", "Ended.": "Ended.", "": ""} {
		err := database.Translate(&pgconn.PgError{Code: "TO001", Message: said})
		require.Equal(t, want, fault.MessageOf(err))
	}
}

func TestAConstraintNamesItself(t *testing.T) {
	t.Parallel()
	pool := dbtest.New(t)
	const insert = `INSERT INTO group_role (group_name, role) VALUES ('g', 'viewer')`
	_, err := pool.Exec(t.Context(), insert)
	require.NoError(t, err)
	_, err = pool.Exec(t.Context(), insert)
	err = database.Translate(err)
	require.True(t, fault.Is(err, fault.Conflict))
	require.Contains(t, fault.MessageOf(err), "group_role_pkey")
}

func TestADatabaseThatDoesNotAnswerIsUnavailable(t *testing.T) {
	t.Parallel()
	_, err := pgconn.Connect(t.Context(), "postgres://me@127.0.0.1:1/x?connect_timeout=2")
	require.True(t, fault.Is(database.Translate(err), fault.Unavailable))
	lost := &net.OpError{Op: "read", Net: "unix", Err: errors.New("connection reset by peer")}
	require.True(t, fault.Is(database.Translate(lost), fault.Unavailable))
}

func TestWhatIsNotTheDatabasesIsLeftAlone(t *testing.T) {
	t.Parallel()
	require.NoError(t, database.Translate(nil))
	for _, err := range []error{
		errors.New("other"), context.DeadlineExceeded, context.Canceled,
		&url.Error{Op: "Post", URL: "https://p21", Err: &net.OpError{Op: "dial", Net: "tcp", Err: errors.New("refused")}},
		fault.New(fault.NotFound, "There is no such entry."),
	} {
		require.Equal(t, err, database.Translate(err))
	}
}
