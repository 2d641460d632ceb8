package mapping_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/require"

	"tieout/app/mapping"
)

const (
	invariant  = "TO001"
	notAllowed = "TO002"
	immutable  = "TO003"
)

// attempt runs statements behind the program's back in a transaction that is
// rolled back. All but the last must work; the last must fail with the code,
// or work when the code is empty.
func attempt(t *testing.T, w *world, code string, statements ...string) {
	t.Helper()
	tx, err := w.pool.Begin(t.Context())
	require.NoError(t, err)
	defer func() { require.NoError(t, tx.Rollback(t.Context())) }()
	for i, statement := range statements {
		_, err := tx.Exec(t.Context(), statement)
		if i < len(statements)-1 || code == "" {
			require.NoError(t, err, statement)
			continue
		}
		var pg *pgconn.PgError
		require.True(t, errors.As(err, &pg), "nothing refused %s", statement)
		require.Equal(t, code, pg.Code, "%s: %s", statement, pg.Message)
	}
}

func TestDatabaseHoldsTheLifeOfARuleSet(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	set := w.submitted(t)
	base, err := w.service.Published(t.Context(), w.connection)
	require.NoError(t, err)
	w.exec(t, `UPDATE person SET disabled_at = now() WHERE id = $1`, w.vera.PersonID)
	w.exec(t, `UPDATE person SET roles = '{approver}' WHERE id = $1`, w.vera.PersonID)
	name := strings.NewReplacer(
		"{set}", fmt.Sprint(set.ID), "{base}", fmt.Sprint(base.ID), "{connection}", fmt.Sprint(w.connection),
		"{rule}", fmt.Sprint(set.Rules[0].ID), "{base rule}", fmt.Sprint(base.Rules[0].ID),
		"{anna}", fmt.Sprint(w.anna.PersonID), "{olaf}", fmt.Sprint(w.olaf.PersonID), "{ben}", fmt.Sprint(w.ben.PersonID),
		"{disabled}", fmt.Sprint(w.vera.PersonID), "{paul}", fmt.Sprint(w.paul.PersonID),
	).Replace
	const (
		withdraw    = `UPDATE rule_set SET state = 'draft' WHERE id = {set}`
		publish     = `UPDATE rule_set SET state = 'published', published_by = {ben} WHERE id = {set}`
		submit      = `UPDATE rule_set SET state = 'submitted', submitted_by = {anna} WHERE id = {set}`
		addRule     = `INSERT INTO mapping_rule (rule_set_id, position, category, slot) VALUES ({set}, 0, 'sales', 'sales')`
		addToBase   = `INSERT INTO mapping_rule (rule_set_id, position, category, slot) VALUES ({base}, 0, 'sales', 'sales')`
		byEditor    = `INSERT INTO rule_set_editor (rule_set_id, person_id) VALUES ({set}, {paul})`
		byEditorPub = `UPDATE rule_set SET state = 'published', published_by = {paul} WHERE id = {set}`
	)
	for title, test := range map[string]struct {
		code       string
		statements []string
	}{
		"the honest way works":                        {"", []string{publish}},
		"its author publishes":                        {notAllowed, []string{`UPDATE rule_set SET state = 'published', published_by = {anna} WHERE id = {set}`}},
		"an editor publishes":                         {notAllowed, []string{withdraw, byEditor, submit, byEditorPub}},
		"an accountant publishes":                     {notAllowed, []string{`UPDATE rule_set SET state = 'published', published_by = {olaf} WHERE id = {set}`}},
		"a disabled approver publishes":               {notAllowed, []string{`UPDATE rule_set SET state = 'published', published_by = {disabled} WHERE id = {set}`}},
		"nobody publishes":                            {invariant, []string{`UPDATE rule_set SET state = 'published' WHERE id = {set}`}},
		"a draft is published":                        {invariant, []string{withdraw, publish}},
		"nobody submits":                              {invariant, []string{withdraw, `UPDATE rule_set SET state = 'submitted' WHERE id = {set}`}},
		"the submitter changes while it is published": {invariant, []string{`UPDATE rule_set SET state = 'published', published_by = {ben}, submitted_by = {olaf} WHERE id = {set}`}},
		"the author is changed":                       {immutable, []string{withdraw, `UPDATE rule_set SET created_by = {olaf} WHERE id = {set}`}},
		"the author is changed while it is published": {immutable, []string{`UPDATE rule_set SET state = 'published', published_by = {ben}, created_by = NULL WHERE id = {set}`}},
		"an editor is forgotten":                      {immutable, []string{`DELETE FROM rule_set_editor WHERE rule_set_id = {set}`}},
		"an editor is swapped":                        {immutable, []string{`UPDATE rule_set_editor SET person_id = {ben} WHERE rule_set_id = {set}`}},
		"a draft becomes an extension":                {immutable, []string{withdraw, `UPDATE rule_set SET extension = true WHERE id = {set}`}},
		"it moves to another number":                  {immutable, []string{withdraw, `UPDATE rule_set SET number = 99 WHERE id = {set}`}},
		"a submitted set gets a rule":                 {immutable, []string{addRule}},
		"a submitted set loses a rule":                {immutable, []string{`DELETE FROM mapping_rule WHERE id = {rule}`}},
		"a submitted set gets another pick":           {immutable, []string{`UPDATE rule_set_account SET account = '1' WHERE rule_set_id = {set}`}},
		"a submitted set is deleted":                  {immutable, []string{`DELETE FROM rule_set WHERE id = {set}`}},
		"a rule slips in on publication":              {immutable, []string{publish, addRule}},
		"the clock is turned for a rule":              {immutable, []string{`UPDATE rule_set SET state = 'published', published_by = {ben}, created_at = now() WHERE id = {set}`}},
		"a published rule is edited":                  {immutable, []string{`UPDATE mapping_rule SET account = '1' WHERE id = {base rule}`}},
		"a published rule is deleted":                 {immutable, []string{`DELETE FROM mapping_rule WHERE id = {base rule}`}},
		"a published set gets a rule":                 {immutable, []string{addToBase}},
		"a published pick is removed":                 {immutable, []string{`DELETE FROM rule_set_account WHERE rule_set_id = {base}`}},
		"a published rule moves to a draft":           {immutable, []string{withdraw, `UPDATE mapping_rule SET rule_set_id = {set}, position = 0 WHERE id = {base rule}`}},
		"a published pick moves to a draft":           {immutable, []string{withdraw, `UPDATE rule_set_account SET rule_set_id = {set} WHERE rule_set_id = {base} AND slot = 'sales'`}},
		"a published set is retired by hand":          {immutable, []string{`UPDATE rule_set SET state = 'retired' WHERE id = {base}`}},
		"a published set is a draft again":            {immutable, []string{`UPDATE rule_set SET state = 'draft' WHERE id = {base}`}},
		"a published set gets another publisher":      {immutable, []string{`UPDATE rule_set SET published_by = {ben} WHERE id = {base}`}},
		"a published set is deleted":                  {immutable, []string{`DELETE FROM rule_set WHERE id = {base}`}},
		"a retired set is published again":            {immutable, []string{publish, `UPDATE rule_set SET state = 'published' WHERE id = {base}`}},
		"a draft is retired":                          {immutable, []string{withdraw, `UPDATE rule_set SET state = 'retired', published_at = now() WHERE id = {set}`}},
		"rules are truncated":                         {immutable, []string{`TRUNCATE mapping_rule`}},
		"picks are truncated":                         {immutable, []string{`TRUNCATE rule_set_account`}},
		"editors are truncated":                       {immutable, []string{`TRUNCATE rule_set_editor`}},
		"a second set is born published":              {invariant, []string{`INSERT INTO rule_set (connection_id, number, state, template, published_at) VALUES ({connection}, 9, 'published', 'amazon-summary', now())`}},
		"a set is born submitted":                     {invariant, []string{`INSERT INTO rule_set (connection_id, number, state, created_by, submitted_by) VALUES ({connection}, 9, 'submitted', {olaf}, {olaf})`}},
		"a draft has no author":                       {invariant, []string{`INSERT INTO rule_set (connection_id, number, extension) VALUES ({connection}, 9, true)`}},
		"a second draft is begun":                     {"23505", []string{`INSERT INTO rule_set (connection_id, number, created_by) VALUES ({connection}, 9, {olaf})`}},
		"it is based on nothing":                      {invariant, []string{withdraw, `UPDATE rule_set SET based_on = NULL WHERE id = {set}`, submit, publish}},
	} {
		t.Run(title, func(t *testing.T) {
			statements := make([]string, len(test.statements))
			for i, statement := range test.statements {
				statements[i] = name(statement)
			}
			attempt(t, w, test.code, statements...)
		})
	}
}

// extension returns the statements of an honest extension of base by Anna: its
// head, the copy of its base, one more rule, and publication by its author.
func extension(w *world, base *mapping.RuleSet) (head, body, addition, submit, publish string) {
	const columns = `lineage, position, marketplace_match, marketplace, transaction_type_match, transaction_type, amount_type_match, amount_type,
		amount_description_match, amount_description, sign, product_group, fulfillment, category, slot, account, branch, by_marketplace, gross, note`
	set := fmt.Sprintf(`(SELECT id FROM rule_set WHERE connection_id = %d AND number = 50)`, w.connection)
	head = fmt.Sprintf(`INSERT INTO rule_set (connection_id, number, created_by, based_on, extension) VALUES (%d, 50, %d, %d, true)`,
		w.connection, w.anna.PersonID, base.ID)
	body = fmt.Sprintf(`WITH r AS (INSERT INTO mapping_rule (rule_set_id, %s) SELECT %s, %s FROM mapping_rule WHERE rule_set_id = %d)
		INSERT INTO rule_set_account SELECT %s, slot, account FROM rule_set_account WHERE rule_set_id = %d`, columns, set, columns, base.ID, set, base.ID)
	addition = fmt.Sprintf(`INSERT INTO mapping_rule (rule_set_id, position, transaction_type_match, transaction_type, amount_type_match, amount_type,
		amount_description_match, amount_description, category, slot) VALUES (%s, %d, 'is', 'Order', 'is', 'ItemFees', 'is', 'NewFee', 'selling_fees', 'selling_fees')`,
		set, len(base.Rules)+1)
	submit = fmt.Sprintf(`UPDATE rule_set SET state = 'submitted', submitted_by = %d WHERE id = %s`, w.anna.PersonID, set)
	publish = fmt.Sprintf(`UPDATE rule_set SET state = 'published', published_by = %d WHERE id = %s`, w.anna.PersonID, set)
	return head, body, addition, submit, publish
}

func TestDatabaseLetsAnAuthorPublishOnlyAPureExtension(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	base := w.installed(t)
	head, body, addition, submit, publish := extension(w, base)
	attempt(t, w, "", head, body, addition, submit, publish,
		fmt.Sprintf(`DO $$ BEGIN ASSERT (SELECT state = 'retired' FROM rule_set WHERE id = %d), 'the base is retired'; END $$`, base.ID))

	inSet := fmt.Sprintf(` rule_set_id = (SELECT id FROM rule_set WHERE connection_id = %d AND number = 50) `, w.connection)
	last := len(base.Rules)
	for title, abuse := range map[string]string{
		"an existing rule goes to another account": `UPDATE mapping_rule SET account = '4010' WHERE position = 3 AND` + inSet,
		"an existing rule takes more":              `UPDATE mapping_rule SET amount_type_match = 'any', amount_type = '' WHERE position = 12 AND` + inSet,
		"an existing rule changes its sign":        `UPDATE mapping_rule SET sign = 1 WHERE position = 3 AND` + inSet,
		"an existing rule changes its category":    `UPDATE mapping_rule SET category = 'loan' WHERE position = 3 AND` + inSet,
		"an existing rule changes its branch":      `UPDATE mapping_rule SET branch = '10' WHERE position = 3 AND` + inSet,
		"an existing rule changes its lineage":     `UPDATE mapping_rule SET lineage = 123456 WHERE position = 3 AND` + inSet,
		"an existing rule is removed":              `DELETE FROM mapping_rule WHERE position = 3 AND` + inSet,
		"the last rule is removed":                 fmt.Sprintf(`DELETE FROM mapping_rule WHERE position = %d AND`, last) + inSet,
		"two rules change places":                  `UPDATE mapping_rule SET position = CASE position WHEN 3 THEN 4 ELSE 3 END WHERE position IN (3, 4) AND` + inSet,
		"the new rule comes first":                 fmt.Sprintf(`UPDATE mapping_rule SET position = 0 WHERE position = %d AND`, last+1) + inSet,
		"all rules move down":                      `UPDATE mapping_rule SET position = position + 1 WHERE` + inSet,
		"a pick is changed":                        `UPDATE rule_set_account SET account = '4010' WHERE slot = 'sales' AND` + inSet,
		"a pick is removed":                        `DELETE FROM rule_set_account WHERE slot = 'sales' AND` + inSet,
		"nothing is added":                         fmt.Sprintf(`DELETE FROM mapping_rule WHERE position > %d AND`, last) + inSet,
		"the new rule is a prefix":                 fmt.Sprintf(`UPDATE mapping_rule SET amount_description_match = 'starts' WHERE position > %d AND`, last) + inSet,
		"the new rule takes any amount type":       fmt.Sprintf(`UPDATE mapping_rule SET amount_type_match = 'any' WHERE position > %d AND`, last) + inSet,
		"the new rule takes any transaction":       fmt.Sprintf(`UPDATE mapping_rule SET transaction_type_match = 'any' WHERE position > %d AND`, last) + inSet,
		"the new rule takes many marketplaces":     fmt.Sprintf(`UPDATE mapping_rule SET marketplace_match = 'starts' WHERE position > %d AND`, last) + inSet,
	} {
		t.Run(title, func(t *testing.T) { attempt(t, w, notAllowed, head, body, addition, abuse, submit, publish) })
	}
	t.Run("a pick is added that no rule used", func(t *testing.T) {
		attempt(t, w, "", head, body, addition, `INSERT INTO rule_set_account SELECT id, 'own', '4010' FROM rule_set WHERE number = 50`, submit, publish)
	})
	t.Run("a viewer extends", func(t *testing.T) {
		byVera := strings.Replace(publish, fmt.Sprintf("published_by = %d", w.anna.PersonID), fmt.Sprintf("published_by = %d", w.vera.PersonID), 1)
		attempt(t, w, notAllowed, head, body, addition, submit, byVera)
	})
	t.Run("nobody extends", func(t *testing.T) {
		attempt(t, w, invariant, head, body, addition, submit, strings.Replace(publish, fmt.Sprintf("published_by = %d", w.anna.PersonID), "note = ''", 1))
	})
	t.Run("it is published as a draft", func(t *testing.T) { attempt(t, w, invariant, head, body, addition, publish) })
	t.Run("a rule slips in after publication", func(t *testing.T) {
		attempt(t, w, immutable, head, body, addition, submit, publish, strings.Replace(addition, fmt.Sprintf(", %d, 'is'", last+1), ", 0, 'is'", 1))
	})
	t.Run("a rule slips in after submission", func(t *testing.T) {
		attempt(t, w, immutable, head, body, addition, submit, strings.Replace(addition, fmt.Sprintf(", %d, 'is'", last+1), ", 0, 'is'", 1))
	})
	t.Run("the flag is taken off and the set published by its author", func(t *testing.T) {
		attempt(t, w, immutable, head, body, addition, submit, `UPDATE rule_set SET extension = false WHERE number = 50`)
	})
	t.Run("it extends nothing", func(t *testing.T) {
		attempt(t, w, invariant, strings.Replace(head, fmt.Sprintf(", %d, true)", base.ID), ", NULL, true)", 1), body, addition, submit, publish)
	})
	t.Run("it extends a set that is retired", func(t *testing.T) {
		second := strings.NewReplacer("number = 50", "number = 51", ", 50, ", ", 51, ").Replace
		attempt(t, w, invariant, head, body, addition, second(head), second(body), second(addition), submit, publish, second(submit), second(publish))
	})
}

func TestDatabaseRefusesAPickForRulesThatHadNone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	// A first set that the program published before every slot had its account.
	require.NoError(t, pgx.BeginFunc(t.Context(), w.pool, func(tx pgx.Tx) error {
		_, err := tx.Exec(t.Context(), `WITH s AS (INSERT INTO rule_set (connection_id, number, state, template) VALUES ($1, 1, 'published', 'amazon-summary') RETURNING id)
			INSERT INTO mapping_rule (rule_set_id, position, transaction_type_match, transaction_type, category, slot) SELECT id, 1, 'is', 'Order', 'sales', 'sales' FROM s`, w.connection)
		return err
	}))
	base, err := w.service.Published(t.Context(), w.connection)
	require.NoError(t, err)
	head, body, addition, submit, publish := extension(w, base)
	attempt(t, w, "", head, body, addition, submit, publish)
	for _, slot := range []string{"sales", "clearing", "rounding"} {
		attempt(t, w, notAllowed, head, body, addition,
			fmt.Sprintf(`INSERT INTO rule_set_account SELECT id, '%s', '4010' FROM rule_set WHERE number = 50`, slot), submit, publish)
	}
}
