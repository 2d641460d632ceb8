package amazon_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tieout/cmd/sandbox/amazon"
	"tieout/cmd/sandbox/misbehave"
	"tieout/cmd/sandbox/seller"
)

func TestADocumentsAddressLivesFiveMinutes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.client("us")
	link, err := c.ReportDocument(t.Context(), w.reports(c)[0].DocumentID)
	require.NoError(t, err)
	require.Equal(t, "GZIP", link.Compression)
	w.clock.Advance(5*time.Minute - time.Second)
	status, header, _ := w.fetch(link.URL)
	require.Equal(t, http.StatusOK, status)
	require.Equal(t, "text/plain", header.Get("Content-Type"), "no charset")
	require.Empty(t, header.Get("Content-Encoding"))
	w.clock.Advance(time.Second)
	status, _, body := w.fetch(link.URL)
	require.Equal(t, http.StatusForbidden, status)
	require.Contains(t, body, "<Code>AccessDenied</Code><Message>Request has expired</Message>")
	longer := strings.Replace(link.URL, "expires=1", "expires=2", 1)
	require.NotEqual(t, link.URL, longer)
	status, _, body = w.fetch(longer)
	require.Equal(t, http.StatusForbidden, status)
	require.Contains(t, body, "SignatureDoesNotMatch")
}

func TestTheSameReportIsTheSameBytesForEachMarketplace(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.client("eu")
	hashes := map[time.Time]map[string]bool{}
	for _, r := range w.reports(c) {
		if hashes[r.DataEnd] == nil {
			hashes[r.DataEnd] = map[string]bool{}
		}
		hashes[r.DataEnd][w.describe(c, r.DocumentID).SHA256] = true
	}
	for end, different := range hashes {
		require.Len(t, different, 1, "cycle that ends at %s", end)
	}
}

func TestADamagedReportAndOneThatIsMadeAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c, n := w.client("uk"), w.books["uk"].Account().Finished(begin)-1
	require.NoError(t, w.Damage("uk", n, seller.MissingLine))
	first := w.reports(c)[0]
	broken := w.describe(c, first.DocumentID)
	require.NotEqual(t, "0.00", broken.Settlements[0].Difference)

	w.clock.Advance(time.Hour)
	require.NoError(t, w.Reissue("uk", n, nil))
	list := w.reports(c)
	require.NotEqual(t, first.ID, list[0].ID)
	require.Equal(t, first, list[1], "the first stays listed")
	again := w.describe(c, list[0].DocumentID)
	require.Equal(t, "0.00", again.Settlements[0].Difference)
	require.Equal(t, broken.Settlements[0].ID, again.Settlements[0].ID)

	var other bytes.Buffer
	require.NoError(t, w.books["uk"].WriteReport(&other, n-1, seller.Whole))
	w.clock.Advance(time.Hour)
	require.NoError(t, w.Reissue("uk", n, other.Bytes()))
	sum := sha256.Sum256(other.Bytes())
	require.Equal(t, hex.EncodeToString(sum[:]), w.describe(c, w.reports(c)[0].DocumentID).SHA256)
	require.Error(t, w.Damage("fr", 0, seller.MissingLine))
}

func TestMisbehavingAmazonIsStillAmazon(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.client("us")
	for _, rule := range []misbehave.Rule{
		{Side: "amazon", Operation: "getReports", Kind: misbehave.Status, Status: 429, Count: 1},
		{Side: "amazon", Operation: "getReports", Kind: misbehave.Status, Status: 503, Count: 1},
		{Side: "amazon", Operation: "getReports", Kind: misbehave.ExpiredToken, Count: 1},
		{Side: "amazon", Operation: amazon.OpToken, Kind: misbehave.Reset, Count: 1},
		{Side: "amazon", Operation: amazon.OpDocument, Kind: misbehave.Status, Status: 500, Count: 1},
	} {
		_, err := w.plan.Add(rule)
		require.NoError(t, err)
	}
	d := w.describe(c, w.reports(c)[0].DocumentID)
	require.Equal(t, "0.00", d.Settlements[0].Difference)
	for _, rule := range w.plan.Rules() {
		require.Equal(t, 1, rule.Struck, "%s %s", rule.Operation, rule.Kind)
	}
}

func TestATruncatedDownloadIsNeverTakenForAWholeOne(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.client("us")
	id := w.reports(c)[0].DocumentID
	_, err := w.plan.Add(misbehave.Rule{Operation: amazon.OpDocument, Kind: misbehave.TruncatedPayload, Count: 1})
	require.NoError(t, err)
	document, err := c.Download(t.Context(), id)
	require.NoError(t, err)
	_, err = io.Copy(io.Discard, document)
	require.Error(t, err)
	require.NoError(t, document.Close())
}
