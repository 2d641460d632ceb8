package private

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestAStrayWrapperIsNoServer(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for i, program := range []string{"postgres", "initdb", "pg_ctl"} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, program), []byte("#!/bin/sh\n"), 0o755))
		require.Equal(t, i == 2, complete(dir))
	}
}

func TestTheVersionIsRead(t *testing.T) {
	t.Parallel()
	for said, want := range map[string]string{
		"postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)": "15", "postgres (PostgreSQL) 18beta1": "18", "hello": "",
	} {
		dir := t.TempDir()
		require.NoError(t, os.WriteFile(filepath.Join(dir, "postgres"), []byte("#!/bin/sh\necho '"+said+"'\n"), 0o755))
		version, err := major(dir)
		require.Equal(t, want, version)
		require.Equal(t, want == "", err != nil)
	}
}
