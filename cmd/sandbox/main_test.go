package main

import (
	"bufio"
	"context"
	"io"
	"net"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestItPrintsItsAddressesAndStopsWhenTold(t *testing.T) {
	t.Parallel()
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	out, written := io.Pipe()
	ended := make(chan error, 1)
	go func() {
		ended <- run(ctx, written, io.Discard, []string{"--addr", "127.0.0.1:0", "--oidc-addr", "127.0.0.1:0", "--data", t.TempDir()})
	}()
	var said strings.Builder
	for lines := bufio.NewScanner(out); lines.Scan(); {
		said.WriteString(lines.Text() + "\n")
		if lines.Text() == "Ctrl-C stops." {
			break
		}
	}
	require.Regexp(t, `Selling Partner API +http://127\.0\.0\.1:\d+/amazon\n`, said.String())
	require.Regexp(t, `Identity provider +http://127\.0\.0\.1:\d+\n`, said.String())
	require.Contains(t, said.String(), "company ACMEUK (native)")
	require.Contains(t, said.String(), "amy.accountant")
	stop()
	require.NoError(t, <-ended)
}

func TestABusyAddressNamesItsFlag(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { _ = taken.Close() }()
	err = run(t.Context(), io.Discard, io.Discard, []string{"--addr", taken.Addr().String()})
	require.ErrorContains(t, err, "--addr chooses another address")
}
