/**
 * The book of the stored screens, as command lines: names that are long or of other scripts, amounts of few and of many digits,
 * gains, losses, rules that are broken. Nothing of it is of user u2 or of ITC and TCS, which are those of the day.
 */
export const BOOK = `
user add --user-id desk_001 --name "Asha Rao" --email asha@example.com --capital 12345678.9
user add --user-id desk_002 --name "अनिता Deshpande-Kulkarni of the desk in Mumbai" --email anita.deshpande-kulkarni@example.com --capital 500000
user add --user-id desk_003 --name "Ravi Iyer" --email ravi.iyer@example.com --capital 750000
strategy add --strategy-id rsi_dmi --name "RSI with DMI" --description "Buys what was oversold once its trend turns" --category momentum --risk-level high --min-capital 100000 --expected-return 18.5 --max-drawdown 12 --symbols RELIANCE,INFY,HDFCBANK,M&M --parameters '{"period":14,"below":30}'
strategy activate rsi_dmi --user desk_001 --allocation 2500000
strategy activate rsi_dmi --user desk_002 --allocation 100000
session start desk_001
session start desk_002
risk set desk_001 MAX_ORDERS_PER_DAY 20
risk set desk_001 MAX_DRAWDOWN 5
risk set desk_001 MAX_DAILY_LOSS 250000
risk set desk_002 MAX_DAILY_LOSS 1000
order place --order-id b-1 --user desk_001 --symbol RELIANCE --side BUY --quantity 100 --type LIMIT --price 2450.5 --strategy rsi_dmi
order fill b-1 --quantity 100 --price 2449.75
order place --order-id b-2 --user desk_001 --symbol MRF --side BUY --quantity 5 --type LIMIT --price 123456.5
order fill b-2 --quantity 3 --price 123456.45
order place --order-id b-3 --user desk_001 --symbol YESBANK --side SELL --quantity 12500 --price 17.05 --type LIMIT
order fill b-3 --quantity 12500 --price 17.1
order place --user desk_001 --symbol NIFTY26JAN25000CE --side BUY --quantity 75 --type LIMIT --price 0.05
order place --user desk_001 --symbol INFY --side BUY --quantity 40 --strategy rsi_dmi
order place --order-id b-4 --user desk_002 --symbol INFY --side BUY --quantity 30 --type LIMIT --price 1502.3 --strategy rsi_dmi
order fill b-4 --quantity 30 --price 1502.3
order place --order-id b-5 --user desk_002 --symbol INFY --side SELL --quantity 10 --type LIMIT --price 1450
order fill b-5 --quantity 10 --price 1450
order place --order-id b-6 --user desk_002 --symbol HDFCBANK --side SELL --quantity 80 --type STOP_LOSS --price 1460 --trigger-price 1461.5
order reject b-6 --reason "insufficient margin: 1,16,800.00 needed, 98,000.00 available"
order place --order-id b-7 --user desk_003 --symbol M&M --side BUY --quantity 1 --type LIMIT --price 2085
order cancel b-7
position mark RELIANCE=2461.2 MRF=120001.05 YESBANK=17.45 INFY=1440
user deposit desk_003 100000 --reference UTR0001
notification send --user desk_002 --type RISK_ALERT --level CRITICAL --title "Margin call" --message "Add ₹25,000.00 by 15:00, or the desk closes positions of desk_002 at the market"
`
  .trim()
  .split('\n');
