package amazon_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tieout/app/amazon"
	"tieout/app/fault"
)

// at answers getReportDocument with an address in the file store.
func (f *fake) at(path, compression string) http.HandlerFunc {
	body := fmt.Sprintf(`{"reportDocumentId":"doc-1","url":"%s/store/%s?X-Amz-Signature=do-not-show"`, f.server.URL, path)
	if compression != "" {
		body += `,"compressionAlgorithm":"` + compression + `"`
	}
	return say(200, body+"}")
}

// file serves bytes as the file store does, and fails the test on a header that
// belongs to the API.
func (f *fake) file(content []byte, headers ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		for _, secret := range []string{"x-amz-access-token", "Authorization", "Cookie"} {
			if r.Header.Get(secret) != "" {
				f.t.Errorf("the file store was sent %s", secret)
			}
		}
		for i := 0; i < len(headers); i += 2 {
			w.Header().Set(headers[i], headers[i+1])
		}
		_, _ = w.Write(content)
	}
}

func expired(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("x-amz-request-id", "S3-1")
	w.WriteHeader(http.StatusForbidden)
	_, _ = io.WriteString(w, `<?xml version="1.0"?><Error><Code>AccessDenied</Code><Message>Request has expired</Message></Error>`)
}

func zipped(content []byte) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = w.Write(content)
	_ = w.Close()
	return b.Bytes()
}

// report is content that does not compress away.
func report(size int) []byte {
	random := rand.New(rand.NewPCG(1, 2))
	var b bytes.Buffer
	for b.Len() < size {
		b.WriteString(strconv.FormatUint(random.Uint64(), 36) + "\t")
	}
	return b.Bytes()
}

func TestDownloadReturnsTheContent(t *testing.T) {
	t.Parallel()
	content := report(1 << 20)
	for name, c := range map[string]struct {
		compression string
		body        []byte
		headers     []string
		charset     string
	}{
		"plain":            {"", content, []string{"Content-Type", "text/plain; charset=Cp1252"}, "cp1252"},
		"gzip":             {"GZIP", zipped(content), []string{"Content-Type", "application/octet-stream"}, ""},
		"content encoding": {"", zipped(content), []string{"Content-Type", "text/plain;charset=UTF-8", "Content-Encoding", "gzip"}, "utf-8"},
		"both":             {"GZIP", zipped(content), []string{"Content-Type", "nonsense;;", "Content-Encoding", "gzip"}, ""},
		"two members":      {"GZIP", append(zipped(content[:1000]), zipped(content[1000:])...), []string{"Content-Type", "text/plain"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFake(t)
			f.on(pathDocument, f.at("1", c.compression))
			f.on("/store/1", f.file(c.body, c.headers...))
			d, err := f.client().Download(t.Context(), "doc-1")
			require.NoError(t, err)
			got, err := io.ReadAll(d)
			require.NoError(t, err)
			require.True(t, bytes.Equal(content, got))
			require.Equal(t, "doc-1", d.ID)
			require.Equal(t, c.charset, d.Charset)
			require.Equal(t, c.headers[1], d.ContentType)
			require.NoError(t, d.Close())
		})
	}
}

func TestDownloadNeverEndsCleanlyWhenSomethingIsMissing(t *testing.T) {
	t.Parallel()
	content := report(200_000)
	whole := zipped(content)
	damaged := bytes.Clone(whole)
	damaged[len(damaged)/2] ^= 0xff
	for name, c := range map[string]struct {
		compression string
		serve       func(f *fake) http.HandlerFunc
	}{
		"gzip ends early":         {"GZIP", func(f *fake) http.HandlerFunc { return f.file(whole[:len(whole)*2/3]) }},
		"gzip without its check":  {"GZIP", func(f *fake) http.HandlerFunc { return f.file(whole[:len(whole)-4]) }},
		"gzip damaged":            {"GZIP", func(f *fake) http.HandlerFunc { return f.file(damaged) }},
		"garbage after gzip":      {"GZIP", func(f *fake) http.HandlerFunc { return f.file(append(bytes.Clone(whole), "garbage"...)) }},
		"connection cut":          {"", func(*fake) http.HandlerFunc { return cut(content[:100_000], len(content)) }},
		"cut after a gzip member": {"GZIP", func(*fake) http.HandlerFunc { return cut(whole, 2*len(whole)) }},
		"stands still":            {"", func(*fake) http.HandlerFunc { return stall(content[:1000]) }},
		"gzip stands still":       {"GZIP", func(*fake) http.HandlerFunc { return stall(whole[:len(whole)/2]) }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFake(t)
			f.on(pathDocument, f.at("1", c.compression))
			f.on("/store/1", c.serve(f))
			d, err := f.client(func(cfg *amazon.Config) { cfg.IdleTimeout = 100 * time.Millisecond }).Download(t.Context(), "doc-1")
			require.NoError(t, err)
			_, err = io.Copy(io.Discard, d)
			require.Equal(t, fault.Unavailable, fault.CodeOf(err), err)
			require.NotContains(t, err.Error(), "do-not-show")
			require.NoError(t, d.Close())
			require.Equal(t, 1, f.called("/store/1"), "what broke off is the caller's to repeat")
		})
	}
}

// cut sends content, promises more and goes away.
func cut(content []byte, promised int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", strconv.Itoa(promised))
		_, _ = w.Write(content)
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	}
}

// stall sends content and then nothing.
func stall(content []byte) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		_, _ = w.Write(content)
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
	}
}

func TestDownloadBeforeTheFirstByte(t *testing.T) {
	t.Parallel()
	good := func(f *fake) http.HandlerFunc { return f.file([]byte("a\tb\n")) }
	always := func(h http.HandlerFunc) func(*fake) http.HandlerFunc {
		return func(*fake) http.HandlerFunc { return h }
	}
	for name, c := range map[string]struct {
		store            []func(f *fake) http.HandlerFunc
		code             fault.Code
		links, downloads int
		timeout          time.Duration
	}{
		"expired address is asked for anew": {[]func(*fake) http.HandlerFunc{always(expired), good}, "", 2, 2, 0},
		"expired for good":                  {[]func(*fake) http.HandlerFunc{always(expired)}, fault.Forbidden, 2, 2, 0},
		"busy store keeps its address":      {[]func(*fake) http.HandlerFunc{always(say(503, "SlowDown")), always(reset), good}, "", 1, 3, 0},
		"busy for good":                     {[]func(*fake) http.HandlerFunc{always(say(503, "SlowDown"))}, fault.Unavailable, 1, 5, 0},
		"reset for good":                    {[]func(*fake) http.HandlerFunc{always(reset)}, fault.Unavailable, 1, 5, 0},
		"no first byte":                     {[]func(*fake) http.HandlerFunc{always(hang), good}, "", 1, 2, time.Second},
		"not there":                         {[]func(*fake) http.HandlerFunc{always(say(404, ""))}, fault.NotFound, 1, 1, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFake(t)
			f.on(pathDocument, f.at("1", ""))
			var answers []http.HandlerFunc
			for _, s := range c.store {
				answers = append(answers, s(f))
			}
			f.on("/store/1", answers...)
			d, err := f.client(func(cfg *amazon.Config) { cfg.Timeout = c.timeout }).Download(t.Context(), "doc-1")
			require.Equal(t, c.code, fault.CodeOf(err), err)
			require.Equal(t, c.links, f.called(pathDocument))
			require.Equal(t, c.downloads, f.called("/store/1"))
			if err != nil {
				require.NotContains(t, err.Error(), "do-not-show")
				return
			}
			got, err := io.ReadAll(d)
			require.NoError(t, err)
			require.Equal(t, "a\tb\n", string(got))
			require.NoError(t, d.Close())
		})
	}
}

func TestDownloadStopsAtTheLimit(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	f.on(pathDocument, f.at("1", "GZIP"))
	f.on("/store/1", f.file(zipped(make([]byte, 8<<20)))) // a bomb of 8 kB
	d, err := f.client(func(cfg *amazon.Config) { cfg.MaxDocument = 1 << 20 }).Download(t.Context(), "doc-1")
	require.NoError(t, err)
	n, err := io.Copy(io.Discard, d)
	require.Equal(t, fault.Invalid, fault.CodeOf(err))
	require.Less(t, n, int64(2<<20))
	require.NoError(t, d.Close())
}

func TestDownloadEndsWithItsContext(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	f.on(pathDocument, f.at("1", ""))
	f.on("/store/1", stall([]byte("begin")))
	ctx, cancel := context.WithCancel(t.Context())
	d, err := f.client().Download(ctx, "doc-1")
	require.NoError(t, err)
	_, err = io.ReadFull(d, make([]byte, 5))
	require.NoError(t, err)
	cancel()
	_, err = io.ReadAll(d)
	require.ErrorIs(t, err, context.Canceled)
	require.NoError(t, d.Close())
}
