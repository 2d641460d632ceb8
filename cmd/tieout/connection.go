package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"tieout/app/audit"
	"tieout/app/connection"
	"tieout/app/fault"
	"tieout/app/money"
)

// secretFlag takes a secret from a file, or a line of standard input for "-".
// It never takes the secret itself: command lines are seen by everybody.
type secretFlag struct {
	value string
	stdin *bufio.Reader
}

// String implements flag.Value.
func (s *secretFlag) String() string { return "" }

// Set implements flag.Value.
func (s *secretFlag) Set(path string) error {
	if path == "-" {
		line, err := s.stdin.ReadString('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			return fmt.Errorf("read standard input: %w", err)
		}
		s.value = strings.TrimSpace(line)
		return nil
	}
	content, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	s.value = strings.TrimSpace(string(content))
	return nil
}

func runConnectionCreate(ctx context.Context, env environment, args []string) error {
	flags := flags("connection create", env)
	stdin := bufio.NewReader(env.stdin)
	lwaSecret, refresh := &secretFlag{stdin: stdin}, &secretFlag{stdin: stdin}
	password, clientSecret, queueSecret := &secretFlag{stdin: stdin}, &secretFlag{stdin: stdin}, &secretFlag{stdin: stdin}
	var c connection.Connection
	var currency, marketplaces string
	flags.StringVar(&c.Name, "name", "", "short name, as in acme-us")
	flags.StringVar(&c.Title, "title", "", "name for people")
	flags.StringVar(&c.Environment, "environment", "production", "sandbox or production")
	flags.StringVar(&c.AmazonRegion, "region", "na", "Amazon's region: na, eu or fe")
	flags.StringVar(&marketplaces, "marketplaces", "", "marketplace ids, separated by commas")
	flags.StringVar(&c.SellerID, "seller-id", "", "Amazon's id of the seller")
	flags.StringVar(&c.AmazonEndpoint, "amazon-endpoint", "", "address of the Selling Partner API (default: the region's)")
	flags.StringVar(&c.LWAURL, "lwa-url", "", "address of Login with Amazon's token endpoint (default: Amazon's)")
	flags.StringVar(&c.LWAClientID, "lwa-client-id", "", "client id of the application at Amazon")
	flags.Var(lwaSecret, "lwa-client-secret", "file with the client secret, - for a line of standard input")
	flags.Var(refresh, "refresh-token", "file with the refresh token, - for a line of standard input")
	flags.StringVar(&c.P21URL, "p21-url", "", "base address of P21")
	flags.StringVar(&c.P21Adapter, "p21-adapter", "seedv2", "seedv2 or native")
	flags.StringVar(&c.P21Company, "p21-company", "", "company id in P21")
	flags.StringVar(&c.P21Username, "p21-username", "", "user name in P21")
	flags.Var(password, "p21-password", "file with the password, - for a line of standard input")
	flags.Var(clientSecret, "p21-client-secret", "file with the consumer key, - for a line of standard input")
	flags.StringVar(&c.P21Journal, "p21-journal", "AZ", "P21's journal id, two characters")
	flags.BoolVar(&c.P21PositiveDebit, "p21-positive-debit", true, "native adapter: a positive amount is a debit")
	flags.StringVar(&currency, "functional-currency", "USD", "currency of the P21 company")
	flags.StringVar(&c.TimeZone, "time-zone", "UTC", "time zone of the books, as in America/New_York")
	flags.StringVar(&c.QueueURL, "queue-url", "", "address of the SQS queue for Amazon's notifications (default: none, changes are polled)")
	flags.StringVar(&c.QueueRegion, "queue-region", "", "AWS region of the queue, as in us-east-1")
	flags.StringVar(&c.QueueKeyID, "queue-key-id", "", "AWS access key id (default: the role of this machine)")
	flags.Var(queueSecret, "queue-secret", "file with the AWS secret access key, - for a line of standard input")
	flags.StringVar(&c.RevenueMode, "revenue-mode", "summary", "summary or invoiced")
	if err := flags.Parse(args); err != nil {
		return err
	}
	c.FunctionalCurrency = money.Currency(strings.ToUpper(currency))
	if marketplaces != "" {
		c.MarketplaceIDs = strings.Split(marketplaces, ",")
	}
	p, err := open(ctx, env, Config.NeedWork)
	if err != nil {
		return err
	}
	defer p.close()
	if err := p.requireSchema(ctx); err != nil {
		return err
	}
	secrets := connection.Secrets{LWAClientSecret: lwaSecret.value, RefreshToken: refresh.value, P21Password: password.value, P21ClientSecret: clientSecret.value, QueueSecret: queueSecret.value}
	id, err := p.connections.Create(ctx, c, secrets, audit.Job("command line"))
	if err != nil {
		return inWords(err)
	}
	fmt.Fprintf(env.stdout, "Connection %s is created (id %d). Try it with `tieout connection test %s`.\n", c.Name, id, c.Name)
	return nil
}

// inWords spells out which fields an error is about.
func inWords(err error) error {
	fields := fault.FieldsOf(err)
	if fields == nil {
		return err
	}
	var problems []error
	for field, message := range fields {
		problems = append(problems, fmt.Errorf("--%s: %s", strings.ReplaceAll(field, "_", "-"), message))
	}
	return errors.Join(problems...)
}

func runConnectionList(ctx context.Context, env environment, args []string) error {
	if err := flags("connection list", env).Parse(args); err != nil {
		return err
	}
	p, err := open(ctx, env, Config.NeedDatabase)
	if err != nil {
		return err
	}
	defer p.close()
	list, err := p.connections.List(ctx)
	if err != nil {
		return err
	}
	for _, c := range list {
		fmt.Fprintf(env.stdout, "%-20s %-11s %s  %s %s  %d settlements  %s\n", c.Name, c.Environment, c.AmazonRegion, c.P21Company, c.FunctionalCurrency, c.Settlements, c.Title)
	}
	return nil
}

// runConnectionTest tries both sides; it exits 1 when a step fails.
func runConnectionTest(ctx context.Context, env environment, args []string) error {
	flags := flags("connection test", env)
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() != 1 {
		return errors.New("name one connection")
	}
	p, err := open(ctx, env, Config.NeedWork)
	if err != nil {
		return err
	}
	defer p.close()
	c, err := p.connections.ByName(ctx, flags.Arg(0))
	if err != nil {
		return err
	}
	steps, err := p.connections.Test(ctx, c.ID)
	if err != nil {
		return err
	}
	failed := false
	for _, step := range steps {
		state := "ok    "
		if !step.OK {
			state, failed = "FAILED", true
		}
		fmt.Fprintf(env.stdout, "%s  %s: %s  %s\n", state, step.Side, step.Name, step.Detail)
	}
	if failed {
		return errProblems
	}
	return nil
}
