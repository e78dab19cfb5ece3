"""AnnualReport: the figures an organization reports, year by year (PTY-13)."""

from banyan.party.v1 import annual_report_pb2

from chassis.resources import Noun

ANNUAL_REPORT = Noun(annual_report_pb2.AnnualReport)
