package web

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestAPanicBesideItsRequestIsAnError(t *testing.T) {
	t.Parallel()
	require.ErrorContains(t, guarded(func() error { panic("no such part") }), "panic: no such part\n")
	broken := errors.New("broken")
	require.Equal(t, broken, guarded(func() error { return broken }))
	require.NoError(t, guarded(func() error { return nil }))
}
