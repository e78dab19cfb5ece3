"""Composition root of sales."""

from chassis.hosting import Service
from sales import merging, opportunity_line
from sales.conversion import CONVERSION
from sales.coverage import COVERAGE
from sales.lead import LEAD
from sales.opportunity import OPPORTUNITY
from sales.opportunity_line import OPPORTUNITY_LINE
from sales.pipeline import PIPELINE

SERVICE = Service(
    "sales",
    nouns=(LEAD, PIPELINE, OPPORTUNITY, OPPORTUNITY_LINE, COVERAGE),
    consumers=lambda here: (opportunity_line.consumer(here), merging.consumer(here)),
    sagas=(CONVERSION,),
)
