package bank

import (
	"strings"
	"testing"
)

// camt08 is a statement of version 08 with a batch, a reversal, a return and a
// pending entry.
const camt08 = `<?xml version="1.0" encoding="UTF-8"?>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"><BkToCstmrStmt><GrpHdr><MsgId>M1</MsgId></GrpHdr>
<Stmt><Id>S-1</Id><FrToDt><FrDtTm>2026-11-20T00:00:00+01:00</FrDtTm><ToDtTm>2026-11-20T23:59:59+01:00</ToDtTm></FrToDt>
<Acct><Id><IBAN>DE89370400440532013000</IBAN></Id><Ccy>EUR</Ccy></Acct>
<Bal><Tp><CdOrPrtry><Cd>OPBD</Cd></CdOrPrtry></Tp><Amt Ccy="EUR">100.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><Dt><Dt>2026-11-19</Dt></Dt></Bal>
<Bal><Tp><CdOrPrtry><Cd>CLBD</Cd></CdOrPrtry></Tp><Amt Ccy="EUR">1310.50</Amt><CdtDbtInd>CRDT</CdtDbtInd><Dt><Dt>2026-11-20</Dt></Dt></Bal>
<TxsSummry><TtlNtries><NbOfNtries>5</NbOfNtries></TtlNtries></TxsSummry>
<Ntry><NtryRef>1</NtryRef><Amt Ccy="EUR">1300.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts><BookgDt><Dt>2026-11-20</Dt></BookgDt><ValDt><Dt>2026-11-21</Dt></ValDt><AcctSvcrRef>B7</AcctSvcrRef>
 <NtryDtls><Btch><MsgId>BATCH</MsgId><NbOfTxs>2</NbOfTxs></Btch>
 <TxDtls><Refs><EndToEndId>E2E-1</EndToEndId></Refs><Amt Ccy="EUR">1000.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><RltdPties><Dbtr><Pty><Nm>AMAZON PAYMENTS EUROPE</Nm></Pty></Dbtr></RltdPties><RmtInf><Ustrd>Settlement 17400000001</Ustrd></RmtInf></TxDtls>
 <TxDtls><Refs><EndToEndId>NOTPROVIDED</EndToEndId></Refs><Amt Ccy="EUR">300.00</Amt><CdtDbtInd>CRDT</CdtDbtInd></TxDtls></NtryDtls><AddtlNtryInf>SEPA credit</AddtlNtryInf></Ntry>
<Ntry><Amt Ccy="EUR">20.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><RvslInd>true</RvslInd><Sts><Cd>BOOK</Cd></Sts><BookgDt><Dt>2026-11-20</Dt></BookgDt><AcctSvcrRef>B8</AcctSvcrRef><AddtlNtryInf>Fee taken back</AddtlNtryInf></Ntry>
<Ntry><Amt Ccy="EUR">59.50</Amt><CdtDbtInd>DBIT</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts><BookgDt><DtTm>2026-11-20T10:00:00Z</DtTm></BookgDt><NtryDtls><TxDtls><Refs><AcctSvcrRef>B9</AcctSvcrRef></Refs><RtrInf><Rsn><Cd>AC04</Cd></Rsn></RtrInf></TxDtls></NtryDtls></Ntry>
<Ntry><Amt Ccy="EUR">50.00</Amt><CdtDbtInd>DBIT</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts><BookgDt><Dt>2026-11-20</Dt></BookgDt><AddtlNtryInf>Two payments</AddtlNtryInf>
 <NtryDtls><TxDtls><Amt Ccy="EUR">30.00</Amt></TxDtls><TxDtls><Amt Ccy="USD">25.00</Amt></TxDtls></NtryDtls></Ntry>
<Ntry><Amt Ccy="EUR">9.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts><Cd>PDNG</Cd></Sts></Ntry>
</Stmt></BkToCstmrStmt></Document>`

func TestCAMTReadsBatchesReversalsAndReturns(t *testing.T) {
	t.Parallel()
	same(t, `
DE89370400440532013000 EUR S-1 from 100 to 1310.5
  2026-11-20 2026-11-21 1000 "AMAZON PAYMENTS EUROPE Settlement 17400000001" [BATCH E2E-1] B7/1
  2026-11-20 2026-11-21 300 "SEPA credit" [BATCH] B7/2
  2026-11-20 - 20 "Fee taken back" [] B8 reversal
  2026-11-20 - -59.5 "" [] B9 returned: AC04
  2026-11-20 - -50 "Two payments" [] 
* Line 16: The entry of 9.00 is not booked (PDNG) and was left out.
`, Read([]byte(camt08), Mapping{}))
}

// Version 02 has the status as text, and parties without Pty.
func TestCAMTReadsVersion02(t *testing.T) {
	t.Parallel()
	text := strings.NewReplacer("camt.053.001.08", "camt.053.001.02", "<Sts><Cd>BOOK</Cd></Sts>", "<Sts>BOOK</Sts>", "<Sts><Cd>PDNG</Cd></Sts>", "<Sts>PDNG</Sts>",
		"<Dbtr><Pty><Nm>AMAZON PAYMENTS EUROPE</Nm></Pty></Dbtr>", "<Dbtr><Nm>AMAZON PAYMENTS EUROPE</Nm></Dbtr>",
		`<Amt Ccy="EUR">1000.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><RltdPties>`, `<AmtDtls><TxAmt><Amt Ccy="EUR">1000.00</Amt></TxAmt></AmtDtls><RltdPties>`).Replace(camt08)
	same(t, told(Read([]byte(camt08), Mapping{})), Read([]byte(text), Mapping{}))
}

func TestCAMTSaysEverythingThatIsWrong(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ old, new, says string }{
		{`<Amt Ccy="EUR">59.50</Amt>`, `<Amt Ccy="EUR">5x</Amt>`, `Line 13: The entry was left out: "5x" is no amount.`},
		{`<Amt Ccy="EUR">59.50</Amt>`, `<Amt Ccy="EUR">-59.50</Amt>`, `has a sign`},
		{`<Amt Ccy="EUR">59.50</Amt>`, `<Amt Ccy="USD">59.50</Amt>`, `the amount is in USD and the account in EUR`},
		{`<Amt Ccy="EUR">59.50</Amt>`, `<Amt Ccy="EUR">59.51</Amt>`, `0.01 is missing. Ask the bank for the whole file.`},
		{`<BookgDt><DtTm>2026-11-20T10:00:00Z</DtTm></BookgDt>`, ``, `has no booking date`},
		{`<BookgDt><DtTm>2026-11-20T10:00:00Z</DtTm></BookgDt>`, `<BookgDt><Dt>20 Nov</Dt></BookgDt>`, `"20 Nov" is no date`},
		{`<NbOfNtries>5`, `<NbOfNtries>6`, `The bank counts 6 entries and the file has 5.`},
		{`<IBAN>DE89370400440532013000</IBAN>`, ``, `The statement names no account.`},
		{`</Stmt></BkToCstmrStmt></Document>`, ``, `breaks off or is damaged at line 17`},
		{`<Stmt>`, `<Rpt>`, `breaks off or is damaged`},
		{`BkToCstmrStmt`, `Other`, ``},
	} {
		got := told(Read([]byte(strings.ReplaceAll(camt08, c.old, c.new)), Mapping{}))
		if !strings.Contains(got, c.says) || c.says != "" && !strings.Contains(got, "! ") {
			t.Errorf("%s -> %s: want %q in\n%s", c.old, c.new, c.says, got)
		}
		if strings.Contains(c.says, "left out") && !strings.Contains(got, "NOT WHOLE") {
			t.Errorf("a statement lacks a line and is called whole:\n%s", got)
		}
	}
	for text, says := range map[string]string{
		"<Document><BkToCstmrAcctRpt><Rpt/></BkToCstmrAcctRpt></Document>":              "camt.052",
		"<Document><BkToCstmrDbtCdtNtfctn><Ntfctn/></BkToCstmrDbtCdtNtfctn></Document>": "camt.054",
		"<html></html>": "no statement",
	} {
		if got := told(Read([]byte(text), Mapping{})); !strings.Contains(got, says) {
			t.Errorf("%s: %s", text, got)
		}
	}
}

func FuzzCAMT(f *testing.F) {
	f.Add(camt08)
	f.Add(strings.ReplaceAll(camt08, "<Sts><Cd>BOOK</Cd></Sts>", "<Sts>BOOK</Sts>"))
	f.Add(`<Document><BkToCstmrStmt><Stmt><Bal><Tp><CdOrPrtry><Cd>ITBD</Cd></CdOrPrtry></Tp><Amt Ccy="USD">1</Amt><CdtDbtInd>DBIT</CdtDbtInd></Bal></Stmt></BkToCstmrStmt></Document>`)
	f.Add("<a><!DOCTYPE")
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > 1<<16 {
			return
		}
		fuzzed(t, readCAMT([]byte(text)))
	})
}
