package queue_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"tieout/app/fault"
	"tieout/app/queue"
)

func FuzzAddress(f *testing.F) {
	for _, seed := range []string{"", "https://sqs.us-east-1.amazonaws.com/123456789012/tieout", "https://host/a/../b", "//host/a/b", "https://[::1/a/b", "http://h/%2f/%00/x"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, address string) {
		arn, err := queue.Address{URL: address, Region: "us-east-1"}.ARN()
		if err != nil {
			require.True(t, fault.Is(err, fault.Invalid), err)
			return
		}
		require.True(t, strings.HasPrefix(arn, "arn:aws:sqs:us-east-1:"), arn)
	})
}
