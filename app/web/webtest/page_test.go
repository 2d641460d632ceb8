package webtest_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"tieout/app/web/webtest"
)

func TestWhatAPageMustNotHaveIsFound(t *testing.T) {
	t.Parallel()
	for _, bad := range []string{
		`<p onclick="x()">`, `<p class="a" style="color:red">`, "<p class=\"a\"\n style=\"color:red\">", `<p style=color:red>`, `<style>p{}</style>`, `<script>alert(1)</script>`, `<script nonce="N">alert(1)</script>`,
		`<a href="javascript:x">`, `<a href=' JavaScript:x'>`, `<form action="data:text/html,x">`, `<button hx-on:click="x()">`, `<base href="//x">`, `<iframe src="/">`, `<meta http-equiv="refresh">`, `<img src="data:x">`,
	} {
		require.NotEmpty(t, webtest.Unsafe(bad), bad)
	}
	for _, good := range []string{
		`<script nonce="N" src="/static/x.js"></script>`, `<p class="style">on = 1</p>`, `<a href="/page?style=1">data: x</a>`, `<td>onclick="x"</td>`, `<meta name="viewport">`, `<p title="a style = b" class="c">`,
	} {
		require.Empty(t, webtest.Unsafe(good), good)
	}
}
