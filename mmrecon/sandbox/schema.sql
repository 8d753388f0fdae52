-- Fineract 1.10.1's tables and columns, as far as the sandbox holds them.
-- DECIMAL columns hold millionths; DATE and TIMESTAMP are ISO text (UTC).

create table m_office (
  id integer primary key, parent_id bigint, hierarchy varchar(100), external_id varchar(100) unique collate server_text,
  name varchar(50) unique, opening_date date not null);
create table m_currency (
  id integer primary key, code varchar(3) unique, decimal_places smallint, currency_multiplesof int,
  display_symbol varchar(10), name varchar(50), internationalized_name_code varchar(50));
create table m_organisation_currency (
  id integer primary key, code varchar(3) unique, decimal_places smallint, currency_multiplesof int,
  name varchar(50), display_symbol varchar(10), internationalized_name_code varchar(50));
create table m_payment_type (
  id integer primary key, value varchar(100), description varchar(500), is_cash_payment boolean,
  order_position int, code_name varchar(100), is_system_defined boolean default 0);
create table c_configuration (
  id integer primary key, name varchar(100) unique, value int, date_value date, string_value varchar(100),
  enabled boolean not null default 0, is_trap_door boolean not null default 0, description varchar(300));
create table m_business_date (id integer primary key, type varchar(100) unique, date date not null);
create table m_working_days (
  id integer primary key, recurrence varchar(100), repayment_rescheduling_enum smallint,
  extend_term_daily_repayments boolean default 0, extend_term_holiday_repayment boolean default 0);
create table m_holiday (
  id integer primary key, name varchar(100), from_date date, to_date date, repayments_rescheduled_to date,
  rescheduling_type int, status_enum int not null default 100, processed boolean default 0,
  description varchar(100));
create table m_holiday_office (holiday_id bigint, office_id bigint, primary key (holiday_id, office_id));
create table job (
  id integer primary key, name varchar(50), display_name varchar(50), cron_expression varchar(20),
  is_active boolean default 0, previous_run_start_time timestamp, currently_running boolean default 0);

create table m_appuser (
  id integer primary key, is_deleted boolean default 0, office_id bigint, staff_id bigint,
  username varchar(100) unique, firstname varchar(100), lastname varchar(100), password varchar(255),
  email varchar(100), enabled boolean default 1);
create table m_role (
  id integer primary key, name varchar(100) unique, description varchar(500), is_disabled boolean default 0);
create table m_permission (
  id integer primary key, "grouping" varchar(45), code varchar(100) unique, entity_name varchar(100),
  action_name varchar(100), can_maker_checker boolean default 0);
create table m_role_permission (role_id bigint, permission_id bigint, primary key (role_id, permission_id));
create table m_appuser_role (appuser_id bigint, role_id bigint, primary key (appuser_id, role_id));

create table m_portfolio_command_source (
  id integer primary key autoincrement, action_name varchar(50) not null, entity_name varchar(50) not null,
  office_id bigint, group_id bigint, client_id bigint, loan_id bigint, savings_account_id bigint,
  api_get_url varchar(100), resource_id bigint, subresource_id bigint, command_as_json text not null,
  maker_id bigint not null, made_on_date timestamp, made_on_date_utc timestamp, checker_id bigint,
  checked_on_date_utc timestamp, status smallint not null, product_id bigint,
  transaction_id varchar(100), resource_identifier varchar(100), job_name varchar(100),
  idempotency_key varchar(50) not null collate server_text, result text, result_status_code int,
  constraint unique_portfolio_command_source unique (action_name, entity_name, idempotency_key));
create index command_savings on m_portfolio_command_source (savings_account_id);
create index command_loan on m_portfolio_command_source (loan_id);
create index command_status on m_portfolio_command_source (status);

create table m_client (
  id integer primary key, account_no varchar(20) unique, external_id varchar(100) unique collate server_text,
  status_enum smallint, sub_status int, activation_date date, office_joining_date date, office_id bigint not null,
  transfer_to_office_id bigint, staff_id bigint, firstname varchar(50), middlename varchar(50),
  lastname varchar(50), fullname varchar(160), display_name varchar(160), mobile_no varchar(50) unique collate server_text,
  email_address varchar(150), is_staff boolean default 0, gender_cv_id int, date_of_birth date,
  legal_form_enum int, closedon_date date, submittedon_date date, created_by bigint,
  activatedon_userid bigint, closedon_userid bigint, created_on_utc timestamp, default_savings_account bigint);
create index client_office on m_client (office_id);
create index client_display_name on m_client (display_name, id);
create table m_client_identifier (
  id integer primary key, client_id bigint, document_type_id bigint, document_key varchar(50),
  status int default 200, active int, description varchar(500),
  unique (document_type_id, document_key));
create table m_code (id integer primary key, code_name varchar(100) unique, is_system_defined boolean);
create table m_code_value (
  id integer primary key, code_id bigint, code_value varchar(100), order_position int,
  code_description varchar(500), is_active boolean default 1, is_mandatory boolean default 0);
create table m_group (
  id integer primary key, external_id varchar(100) unique collate server_text, status_enum int, activation_date date,
  office_id bigint, staff_id bigint, parent_id bigint, level_id int, display_name varchar(100),
  hierarchy varchar(100), account_no varchar(20) unique, submittedon_date date, activatedon_userid bigint,
  submittedon_userid bigint);
create table m_group_client (group_id bigint, client_id bigint, primary key (group_id, client_id));
create table m_note (
  id integer primary key, client_id bigint, group_id bigint, loan_id bigint, loan_transaction_id bigint,
  savings_account_id bigint, savings_account_transaction_id bigint, note_type_enum smallint, note varchar(1000),
  created_on_utc timestamp);
create index note_savings on m_note (savings_account_transaction_id);
create index note_loan on m_note (loan_transaction_id);

create table m_payment_detail (
  id integer primary key, payment_type_id bigint, account_number varchar(50), check_number varchar(50),
  receipt_number varchar(50), bank_number varchar(50), routing_code varchar(50));

create table m_savings_product (
  id integer primary key, name varchar(100) unique, short_name varchar(4) unique, description varchar(500),
  deposit_type_enum smallint default 100, currency_code varchar(3), currency_digits smallint,
  currency_multiplesof smallint, nominal_annual_interest_rate decimal(19,6),
  interest_compounding_period_enum smallint, interest_posting_period_enum smallint,
  interest_calculation_type_enum smallint, interest_calculation_days_in_year_type_enum smallint,
  min_required_opening_balance decimal(19,6), accounting_type smallint, withdrawal_fee_for_transfer boolean default 0,
  allow_overdraft boolean default 0, overdraft_limit decimal(19,6), min_required_balance decimal(19,6),
  enforce_min_required_balance boolean default 0, min_balance_for_interest_calculation decimal(19,6),
  withhold_tax boolean default 0, is_dormancy_tracking_active boolean default 0,
  is_lien_allowed boolean default 0, max_allowed_lien_limit decimal(19,6), lockin_period_frequency int,
  lockin_period_frequency_enum smallint);
create table m_savings_account (
  id integer primary key, account_no varchar(20) unique, external_id varchar(100) unique collate server_text, client_id bigint,
  group_id bigint, product_id bigint, field_officer_id bigint, status_enum smallint, sub_status_enum smallint default 0,
  account_type_enum smallint, deposit_type_enum smallint default 100, submittedon_date date,
  submittedon_userid bigint, approvedon_date date, approvedon_userid bigint, rejectedon_date date,
  rejectedon_userid bigint, withdrawnon_date date, withdrawnon_userid bigint, activatedon_date date,
  activatedon_userid bigint, closedon_date date, closedon_userid bigint, currency_code varchar(3),
  currency_digits smallint, currency_multiplesof smallint, nominal_annual_interest_rate decimal(19,6),
  interest_compounding_period_enum smallint, interest_posting_period_enum smallint,
  interest_calculation_type_enum smallint, interest_calculation_days_in_year_type_enum smallint,
  min_required_opening_balance decimal(19,6), withdrawal_fee_for_transfer boolean default 0,
  allow_overdraft boolean default 0, overdraft_limit decimal(19,6), min_required_balance decimal(19,6),
  enforce_min_required_balance boolean default 0, withhold_tax boolean default 0,
  lockin_period_frequency int, lockin_period_frequency_enum smallint,
  lockedin_until_date_derived date, total_deposits_derived decimal(19,6), total_withdrawals_derived decimal(19,6),
  total_withdrawal_fees_derived decimal(19,6), total_interest_posted_derived decimal(19,6) not null default 0,
  account_balance_derived decimal(19,6) not null default 0, total_savings_amount_on_hold decimal(19,6) default 0,
  last_closed_business_date date, reason_for_block varchar(256), is_lien_allowed boolean default 0,
  version int not null default 1);
create index savings_client on m_savings_account (client_id);
create index savings_group on m_savings_account (group_id);
create table m_savings_account_transaction (
  id integer primary key, savings_account_id bigint not null, office_id bigint, payment_detail_id bigint,
  transaction_type_enum smallint, is_reversed boolean not null default 0, transaction_date date,
  amount decimal(19,6) not null, balance_end_date_derived date, running_balance_derived decimal(19,6),
  cumulative_balance_derived decimal(19,6), balance_number_of_days_derived int,
  overdraft_amount_derived decimal(19,6), created_date timestamp, appuser_id bigint,
  is_manual boolean default 0, release_id_of_hold_amount bigint, submitted_on_date date,
  is_reversal boolean not null default 0, original_transaction_id bigint, is_lien_transaction boolean default 0,
  reason_for_block varchar(256), ref_no varchar(100), created_by bigint, created_on_utc timestamp,
  last_modified_on_utc timestamp);
create index savings_transaction_account on m_savings_account_transaction (savings_account_id, transaction_date, id);
create index savings_transaction_submitted on m_savings_account_transaction (submitted_on_date);
create table m_savings_account_charge (id integer primary key, savings_account_id bigint, charge_id bigint);

create table m_product_loan (
  id integer primary key, name varchar(100) unique, short_name varchar(4) unique, external_id varchar(100) unique collate server_text,
  description varchar(500), currency_code varchar(3), currency_digits smallint, currency_multiplesof smallint,
  principal_amount decimal(19,6), min_principal_amount decimal(19,6), max_principal_amount decimal(19,6),
  arrearstolerance_amount decimal(19,6), nominal_interest_rate_per_period decimal(19,6),
  interest_period_frequency_enum smallint, annual_nominal_interest_rate decimal(19,6),
  interest_method_enum smallint, interest_calculated_in_period_enum smallint, repay_every smallint,
  repayment_period_frequency_enum smallint, number_of_repayments smallint, amortization_method_enum smallint,
  accounting_type smallint, loan_transaction_strategy_code varchar(100), loan_transaction_strategy_name varchar(300),
  days_in_month_enum smallint, days_in_year_enum smallint, loan_schedule_type varchar(20) default 'CUMULATIVE');
create table m_loan (
  id integer primary key, account_no varchar(20) unique, external_id varchar(100) unique collate server_text, client_id bigint,
  group_id bigint, glim_id bigint, product_id bigint, loan_officer_id bigint, loan_status_id smallint,
  loan_type_enum smallint, loan_counter smallint, loan_product_counter smallint, currency_code varchar(3),
  currency_digits smallint, currency_multiplesof smallint, principal_amount_proposed decimal(19,6),
  principal_amount decimal(19,6), approved_principal decimal(19,6), net_disbursal_amount decimal(19,6),
  arrearstolerance_amount decimal(19,6), nominal_interest_rate_per_period decimal(19,6),
  interest_period_frequency_enum smallint, annual_nominal_interest_rate decimal(19,6),
  interest_method_enum smallint, interest_calculated_in_period_enum smallint, term_frequency smallint,
  term_period_frequency_enum smallint, repay_every smallint, repayment_period_frequency_enum smallint,
  number_of_repayments smallint, amortization_method_enum smallint, days_in_month_enum smallint,
  days_in_year_enum smallint, submittedon_date date, submittedon_userid bigint, approvedon_date date,
  approvedon_userid bigint, expected_disbursedon_date date, expected_firstrepaymenton_date date,
  interest_calculated_from_date date, disbursedon_date date, disbursedon_userid bigint,
  expected_maturedon_date date, maturedon_date date, closedon_date date, closedon_userid bigint,
  rejectedon_date date, rejectedon_userid bigint, withdrawnon_date date, withdrawnon_userid bigint,
  writtenoffon_date date, overpaidon_date date, total_overpaid_derived decimal(19,6),
  principal_disbursed_derived decimal(19,6) not null default 0, principal_repaid_derived decimal(19,6) not null default 0,
  principal_writtenoff_derived decimal(19,6) not null default 0, principal_outstanding_derived decimal(19,6) not null default 0,
  interest_charged_derived decimal(19,6) not null default 0, interest_repaid_derived decimal(19,6) not null default 0,
  interest_waived_derived decimal(19,6) not null default 0, interest_writtenoff_derived decimal(19,6) not null default 0,
  interest_outstanding_derived decimal(19,6) not null default 0, total_expected_repayment_derived decimal(19,6) not null default 0,
  total_repayment_derived decimal(19,6) not null default 0, total_expected_costofloan_derived decimal(19,6) not null default 0,
  total_costofloan_derived decimal(19,6) not null default 0, total_waived_derived decimal(19,6) not null default 0,
  total_writtenoff_derived decimal(19,6) not null default 0, total_outstanding_derived decimal(19,6) not null default 0,
  total_recovered_derived decimal(19,6), loan_transaction_strategy_code varchar(100),
  loan_transaction_strategy_name varchar(300), linked_savings_account_id bigint, version int not null default 1);
create index loan_client on m_loan (client_id);
create index loan_status on m_loan (loan_status_id);
create table m_loan_repayment_schedule (
  id integer primary key, loan_id bigint not null, fromdate date, duedate date, installment smallint,
  principal_amount decimal(19,6), principal_completed_derived decimal(19,6), principal_writtenoff_derived decimal(19,6),
  interest_amount decimal(19,6), interest_completed_derived decimal(19,6), interest_writtenoff_derived decimal(19,6),
  interest_waived_derived decimal(19,6), fee_charges_amount decimal(19,6), penalty_charges_amount decimal(19,6),
  fee_charges_completed_derived decimal(19,6), fee_charges_writtenoff_derived decimal(19,6),
  fee_charges_waived_derived decimal(19,6), penalty_charges_completed_derived decimal(19,6),
  penalty_charges_writtenoff_derived decimal(19,6), penalty_charges_waived_derived decimal(19,6),
  total_paid_in_advance_derived decimal(19,6), total_paid_late_derived decimal(19,6),
  completed_derived boolean not null default 0, obligations_met_on_date date);
create index schedule_loan on m_loan_repayment_schedule (loan_id, installment);
create table m_loan_transaction (
  id integer primary key, loan_id bigint not null, office_id bigint, payment_detail_id bigint,
  is_reversed boolean not null default 0, external_id varchar(100) unique collate server_text, transaction_type_enum smallint,
  transaction_date date, amount decimal(19,6), principal_portion_derived decimal(19,6),
  interest_portion_derived decimal(19,6), fee_charges_portion_derived decimal(19,6),
  penalty_charges_portion_derived decimal(19,6), overpayment_portion_derived decimal(19,6),
  unrecognized_income_portion decimal(19,6), outstanding_loan_balance_derived decimal(19,6),
  submitted_on_date date, manually_adjusted_or_reversed boolean not null default 0,
  reversal_external_id varchar(100) unique collate server_text, reversed_on_date date, created_by bigint, created_on_utc timestamp);
create index loan_transaction_loan on m_loan_transaction (loan_id, transaction_date, id);
create index loan_transaction_submitted on m_loan_transaction (submitted_on_date);
create table m_loan_transaction_relation (
  id integer primary key, from_loan_transaction_id bigint, to_loan_transaction_id bigint, relation_type_enum smallint);
create index relation_from on m_loan_transaction_relation (from_loan_transaction_id);
create table m_loan_arrears_aging (
  loan_id integer primary key, principal_overdue_derived decimal(19,6), interest_overdue_derived decimal(19,6),
  fee_charges_overdue_derived decimal(19,6), penalty_charges_overdue_derived decimal(19,6),
  total_overdue_derived decimal(19,6), overdue_since_date_derived date);
create table m_account_transfer_details (
  id integer primary key, from_office_id bigint, to_office_id bigint, from_client_id bigint, to_client_id bigint,
  from_savings_account_id bigint, to_savings_account_id bigint, from_loan_account_id bigint, to_loan_account_id bigint,
  transfer_type smallint);
create table m_account_transfer_transaction (
  id integer primary key, account_transfer_details_id bigint, from_savings_transaction_id bigint,
  from_loan_transaction_id bigint, to_savings_transaction_id bigint, to_loan_transaction_id bigint,
  is_reversed boolean not null default 0, transaction_date date, currency_code varchar(3), currency_digits smallint,
  amount decimal(19,6), description varchar(200));

create table acc_gl_account (
  id integer primary key, name varchar(200), parent_id bigint, hierarchy varchar(50), gl_code varchar(45) unique,
  disabled boolean not null default 0, manual_journal_entries_allowed boolean not null default 1,
  account_usage smallint default 1, classification_enum smallint, tag_id bigint, description varchar(500));
create table acc_gl_closure (
  id integer primary key, office_id bigint, closing_date date, is_deleted boolean default 0, createdby_id bigint,
  lastmodifiedby_id bigint, created_date timestamp, lastmodified_date timestamp, comments varchar(500));
create table acc_product_mapping (
  id integer primary key, gl_account_id bigint, product_id bigint, product_type smallint, payment_type bigint,
  charge_id bigint, financial_account_type smallint);
create table acc_gl_journal_entry (
  id integer primary key, account_id bigint, office_id bigint, reversal_id bigint, currency_code varchar(3),
  transaction_id varchar(50), loan_transaction_id bigint, savings_transaction_id bigint, client_transaction_id bigint,
  reversed boolean not null default 0, ref_num varchar(100), manual_entry boolean not null default 0,
  entry_date date, type_enum smallint, amount decimal(19,6), description varchar(500), entity_type_enum smallint,
  entity_id bigint, created_by bigint, created_on_utc timestamp, submitted_on_date date, payment_details_id bigint);
create index journal_account on acc_gl_journal_entry (account_id, entry_date);
create index journal_transaction on acc_gl_journal_entry (transaction_id);
create index journal_entity on acc_gl_journal_entry (entity_type_enum, entity_id);
create index journal_submitted on acc_gl_journal_entry (submitted_on_date);

create table stretchy_report (
  id integer primary key, report_name varchar(100) unique, report_type varchar(20), report_subtype varchar(20),
  report_category varchar(45), report_sql text, description text, core_report boolean default 0,
  use_report boolean default 0, self_service_user_report boolean default 0);
create table stretchy_report_parameter (
  id integer primary key, report_id bigint, parameter_id bigint, report_parameter_name varchar(45));
create table x_registered_table (
  id integer primary key, registered_table_name varchar(50) unique, application_table_name varchar(50),
  entity_subtype varchar(50), category int, multi_row boolean default 0, columns_json text);
