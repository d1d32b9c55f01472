"""Connecting a person's TikTok: asking for consent, taking it in, keeping its list of advertisers true, ending it.

A connection is two things in two places, the item in DynamoDB and the secret in Secrets Manager. Whoever makes or ends
one first writes down that it is about to (:mod:`changes`): what was begun is finished by the next who comes, the person
again or the sweep, so that neither outlives the other (decision 22).
"""
