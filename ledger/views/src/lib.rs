//! Pure fold: standing, accrual, co-op and payout from facts and rule books.
