package sheet

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestLinesAreSummedOverAllTheirSheets(t *testing.T) {
	t.Parallel()
	require.Equal(t, "SUM('Settlement lines'!N:N)", linesTotal(0))
	require.Equal(t, "SUM('Settlement lines'!N:N)", linesTotal(rowLimit-1))
	require.Equal(t, "SUM('Settlement lines'!N:N)+SUM('Settlement lines 2'!N:N)", linesTotal(rowLimit))
	require.Equal(t, "SUM('Settlement lines'!N:N)+SUM('Settlement lines 2'!N:N)+SUM('Settlement lines 3'!N:N)", linesTotal(2*rowLimit))
}
