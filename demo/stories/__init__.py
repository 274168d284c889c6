"""What is planted: one module an analysis, attacks and their look-alikes side by side.

Most of it is one intrusion into the PC of tamura.e (TM-HQ-001): mail, program, control channel,
domain, task, file server, data out, logs cleared. The rest are single events elsewhere.
"""
from stories import (ad_01, ad_02, ad_03, ad_04, ad_05, fw_02, fw_03, ml_01, ml_02, px_01, px_02,
                     px_04, px_05, px_06, sigma)

ALL = (ml_01, ml_02, px_01, px_02, px_04, px_05, px_06, fw_02, fw_03, ad_01, ad_02, ad_03, ad_04,
       ad_05, sigma)
