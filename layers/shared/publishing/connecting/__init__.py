"""Connecting a person's TikTok: asking for consent, taking it in, keeping its list of advertisers true, ending it.

A connection is two things in two places, the item in DynamoDB and the secret in Secrets Manager. Whoever makes or ends
one first writes down that it is about to (:mod:`changes`): what was begun is finished by the next who comes, the person
again or the sweep, so that neither outlives the other (decision 22).

To read it in order: ``changes`` and ``states`` (what is written down), ``stores`` and ``services`` (what is outside the
process), ``consent`` (the way to TikTok), ``callback_endpoint``, ``callback`` and ``refusals`` (the way back),
``completion`` (from the stored token on), ``disconnect``, ``recovery`` (what was left unfinished), ``advertisers`` (the
list), ``sweep``, ``worker`` and ``refresh`` (the list kept true every day), ``own_list`` (the same by a preflight),
``overview`` and ``permissions`` (what is shown).
"""
