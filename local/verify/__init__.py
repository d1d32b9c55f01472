"""`make verify STAGE=…`: black-box checks of a deployed stage, from outside and by what AWS says of it.

`stage` is what is verified, `http_checks` asks the API like a browser, `aws_checks` compares the stage with the
template, `report` runs the checks and prints the table.
"""
