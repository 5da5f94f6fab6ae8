/** What came of asking about a call; it stands in the audit log. */
export type Decision =
  /** The question went out. */
  | 'asked'
  | 'accepted'
  /** And the person need not be asked about this tool again. */
  | 'accepted_always'
  | 'declined'
  | 'cancelled'
  /** An answer came that belongs to another question, or to none of ours. */
  | 'answer_foreign'
  /** The person had said `accepted_always` before. */
  | 'remembered'
  /** Nobody could be asked: */
  | 'allowed_unasked'
  | 'refused_unasked'
  | 'token_issued'
  /** What a second step brought, by what became of it. */
  | 'token_accepted'
  | 'token_expired'
  | 'token_used'
  | 'token_foreign';
