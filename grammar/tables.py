"""Made from expression.lark by `python -m backprop.grammar.generate`. Do not edit."""

CHECKSUM = 3932372801

TOKEN = '(?:[ \t\r\x0c\xa0\u2000-\u200b\u202f\u205f\u2060\u3000\ufeff]+|#[^\n]*)*+([^\\W\\d][\\ẁ-ͯऀ-႟]*+(?:(?:[ \t\r\x0c\xa0\u2000-\u200b\u202f\u205f\u2060\u3000\ufeff]+)?\\(|(?:[ \t\r\x0c\xa0\u2000-\u200b\u202f\u205f\u2060\u3000\ufeff]+)?=(?!=)|)|(?:[0-9]+(?:_[0-9]+)*(?:\\.(?:[0-9]+(?:_[0-9]+)*)?)?|\\.[0-9]+(?:_[0-9]+)*)(?:[eE][+-]?[0-9]+)?|[;\n](?:[;\\s]|#[^\n]*)*|"[^"\n]*"|(?:\\*\\*|\\^)|\\.T(?!\\w)|(?:>=|≥)|(?:<=|≤)|(?:!=|≠)|==|(?s:.)|\\Z)'

FIXED = '!= ( ) * ** + , - / : < <= = == > >= @ [ ] ^ · × ÷ − ≠ ≤ ≥ ⋅'

RULES = """\
postfix 2 1 transpose
statement 1 1 result
statement 2 2 assignment
arguments 1 1 first
atom 3 2 group
elements 1 1 first
atom 3 2 array
unary 2 2 negate
unary 2 2 plus
atom 3 2 call
argument 2 2 keyword
subscripts 1 1 first
postfix 4 2 index
power 3 2 power
product 3 2 matmul
product 3 2 divide
product 3 2 multiply
statements 3 2
expression 3 2 greater_equal
expression 3 2 less_equal
expression 3 2 less
sum 3 2 subtract
expression 3 2 greater
sum 3 2 add
expression 3 2 not_equal
expression 3 2 equal
arguments 3 2 more
elements 3 2 more
subscript 2 2 slice_to
statement 5 4 definition
subscript 3 3 slice_by
subscript 3 2 slice_from_to
subscripts 3 2 more
statement 6 5 definition
subscript 4 3 slice_to_by
subscript 4 3 slice_from_by
subscript 5 3 slice_from_to_by
atom 1 1 name
atom 1 1 number
atom 1 1 string
atom 2 2 call
atom 2 2 array
postfix 1 1
power 1 1
unary 1 1
sum 1 1
statements 1 1
expression 1 1
product 1 1
argument 1 1
atom 4 3 array
subscript 1 1 slice
subscript 1 1
atom 4 3 call
subscript 2 1 slice_from
postfix 5 3 index"""

EXPECTED = '116 117 118 117 119 117 120 121 117 122 123 124 1 125 126 127 3 128 129 130 131 118 7 117 132 10 133 134 16 135 136 21 25 27 137 138 117 139 117 117 117 140 117 117 117 117 117 117 117 117 141 31 142 143 144 145 146 140 147 148 37 149 41 43 45 47 48 150 151 152 153 154 155 156 157 158 159 160 71 117 161 76 117 162 163 164 165 166 117 84 88 117 117 167 168 98 101 105 109 117 113'

PENDING = """\
atom 0 expression 1 postfix 0 power 2 product 2 program 3 statement 4 statements 4 sum 5 unary 2
atom 6 expression 7 postfix 6 power 8 product 8 sum 9 unary 8
argument 10 arguments 11 atom 12 expression 10 postfix 12 power 13 product 13 sum 14 unary 13
atom 15 expression 16 postfix 15 power 17 product 17 sum 18 unary 17
atom 19 elements 20 expression 21 postfix 19 power 22 product 22 sum 23 unary 22
atom 24 postfix 24 power 25 unary 25


atom 26 postfix 26 power 27 unary 27
atom 0 expression 1 postfix 0 power 2 product 2 statement 28 statements 28 sum 5 unary 2











argument 10 arguments 29 atom 12 expression 10 postfix 12 power 13 product 13 sum 14 unary 13

atom 30 expression 31 postfix 30 power 32 product 32 sum 33 unary 32











atom 34 expression 35 postfix 34 power 36 product 36 subscript 37 subscripts 38 sum 39 unary 36
atom 40 postfix 40 power 41 unary 41

atom 42 postfix 42 power 43 unary 43
atom 44 postfix 44 power 45 unary 45
atom 46 postfix 46 power 47 unary 47
atom 0 expression 1 postfix 0 power 2 product 2 statement 48 sum 5 unary 2
atom 49 postfix 49 power 50 product 50 sum 51 unary 50
atom 52 postfix 52 power 53 product 53 sum 54 unary 53
atom 55 postfix 55 power 56 product 56 sum 57 unary 56
atom 58 postfix 58 power 59 product 59 unary 59
atom 60 postfix 60 power 61 product 61 sum 62 unary 61
atom 63 postfix 63 power 64 product 64 unary 64
atom 65 postfix 65 power 66 product 66 sum 67 unary 66
atom 68 postfix 68 power 69 product 69 sum 70 unary 69


argument 71 atom 72 expression 71 postfix 72 power 73 product 73 sum 74 unary 73


atom 75 expression 76 postfix 75 power 77 product 77 sum 78 unary 77

atom 0 expression 1 postfix 0 power 2 product 2 statement 48 sum 5 unary 2
atom 79 expression 80 postfix 79 power 81 product 81 sum 82 unary 81
















argument 71 atom 72 expression 71 postfix 72 power 73 product 73 sum 74 unary 73



atom 83 expression 84 postfix 83 power 85 product 85 sum 86 unary 85


atom 87 expression 88 postfix 87 power 89 product 89 sum 90 unary 89

atom 91 expression 92 postfix 91 power 93 product 93 sum 94 unary 93
atom 95 expression 96 postfix 95 power 97 product 97 subscript 98 sum 99 unary 97


atom 100 expression 101 postfix 100 power 102 product 102 sum 103 unary 102


atom 104 expression 105 postfix 104 power 106 product 106 sum 107 unary 106
atom 108 expression 109 postfix 108 power 110 product 110 sum 111 unary 110






atom 112 expression 113 postfix 112 power 114 product 114 sum 115 unary 114
"""

ROWS = """\
r1 <END> <SEPARATOR>  s15,38 @  s19,42 >= ≥  s19,43 <= ≤  s15,39 / ÷  s19,44 <  s13,35 [  s19,45 - −  s19,46 >  s19,47 +  s13,36 ** ^  s15,40 * × · ⋅  c0 <TRANSPOSE>  s19,48 != ≠  s19,49 ==
r1 <END> <SEPARATOR>
r1 <END> <SEPARATOR>  s15,38 @  s19,42 >= ≥  s19,43 <= ≤  s15,39 / ÷  s19,44 <  s19,45 - −  s19,46 >  s19,47 +  s15,40 * × · ⋅  s19,48 != ≠  s19,49 ==

a <END>  s18,41 <SEPARATOR>
r1 <END> <SEPARATOR>  s19,42 >= ≥  s19,43 <= ≤  s19,44 <  s19,45 - −  s19,46 >  s19,47 +  s19,48 != ≠  s19,49 ==
r2 <END> <SEPARATOR>  s15,38 @  s19,42 >= ≥  s19,43 <= ≤  s15,39 / ÷  s19,44 <  s13,35 [  s19,45 - −  s19,46 >  s19,47 +  s13,36 ** ^  s15,40 * × · ⋅  c0 <TRANSPOSE>  s19,48 != ≠  s19,49 ==
r2 <END> <SEPARATOR>
r2 <END> <SEPARATOR>  s15,38 @  s19,42 >= ≥  s19,43 <= ≤  s15,39 / ÷  s19,44 <  s19,45 - −  s19,46 >  s19,47 +  s15,40 * × · ⋅  s19,48 != ≠  s19,49 ==
r2 <END> <SEPARATOR>  s19,42 >= ≥  s19,43 <= ≤  s19,44 <  s19,45 - −  s19,46 >  s19,47 +  s19,48 != ≠  s19,49 ==
r3 , )
s26,52 ,  s26,53 )
s15,38 @  s19,42 >= ≥  s19,43 <= ≤  r3 , )  s15,39 / ÷  s19,44 <  s13,35 [  s19,45 - −  s19,46 >  s19,47 +  s13,36 ** ^  s15,40 * × · ⋅  c0 <TRANSPOSE>  s19,48 != ≠  s19,49 ==
s15,38 @  s19,42 >= ≥  s19,43 <= ≤  r3 , )  s15,39 / ÷  s19,44 <  s19,45 - −  s19,46 >  s19,47 +  s15,40 * × · ⋅  s19,48 != ≠  s19,49 ==
s19,42 >= ≥  s19,43 <= ≤  r3 , )  s19,44 <  s19,45 - −  s19,46 >  s19,47 +  s19,48 != ≠  s19,49 ==
s15,38 @  s19,42 >= ≥  s19,43 <= ≤  s15,39 / ÷  s19,44 <  s13,35 [  s19,45 - −  s19,46 >  s19,47 +  s13,36 ** ^  c4 )  s15,40 * × · ⋅  c0 <TRANSPOSE>  s19,48 != ≠  s19,49 ==
c4 )
s15,38 @  s19,42 >= ≥  s19,43 <= ≤  s15,39 / ÷  s19,44 <  s19,45 - −  s19,46 >  s19,47 +  c4 )  s15,40 * × · ⋅  s19,48 != ≠  s19,49 ==
s19,42 >= ≥  s19,43 <= ≤  s19,44 <  s19,45 - −  s19,46 >  s19,47 +  c4 )  s19,48 != ≠  s19,49 ==
s15,38 @  s19,42 >= ≥  s19,43 <= ≤  r5 , ]  s15,39 / ÷  s19,44 <  s13,35 [  s19,45 - −  s19,46 >  s19,47 +  s13,36 ** ^  s15,40 * × · ⋅  c0 <TRANSPOSE>  s19,48 != ≠  s19,49 ==
s30,55 ,  c6 ]
r5 , ]
s15,38 @  s19,42 >= ≥  s19,43 <= ≤  r5 , ]  s15,39 / ÷  s19,44 <  s19,45 - −  s19,46 >  s19,47 +  s15,40 * × · ⋅  s19,48 != ≠  s19,49 ==
s19,42 >= ≥  s19,43 <= ≤  r5 , ]  s19,44 <  s19,45 - −  s19,46 >  s19,47 +  s19,48 != ≠  s19,49 ==
r7 <END> @ >= ≥ <= ≤ : , / ÷ < - − > + ) ] <SEPARATOR> * × · ⋅ != ≠ ==  s13,35 [  s13,36 ** ^  c0 <TRANSPOSE>
r7 <END> @ >= ≥ <= ≤ : , / ÷ < - − > + ) ] <SEPARATOR> * × · ⋅ != ≠ ==
r8 <END> @ >= ≥ <= ≤ : , / ÷ < - − > + ) ] <SEPARATOR> * × · ⋅ != ≠ ==  s13,35 [  s13,36 ** ^  c0 <TRANSPOSE>
r8 <END> @ >= ≥ <= ≤ : , / ÷ < - − > + ) ] <SEPARATOR> * × · ⋅ != ≠ ==
a <END>  s34,57 <SEPARATOR>
s50,75 ,  c9 )
s15,38 @  s19,42 >= ≥  s19,43 <= ≤  r10 , )  s15,39 / ÷  s19,44 <  s13,35 [  s19,45 - −  s19,46 >  s19,47 +  s13,36 ** ^  s15,40 * × · ⋅  c0 <TRANSPOSE>  s19,48 != ≠  s19,49 ==
r10 , )
s15,38 @  s19,42 >= ≥  s19,43 <= ≤  r10 , )  s15,39 / ÷  s19,44 <  s19,45 - −  s19,46 >  s19,47 +  s15,40 * × · ⋅  s19,48 != ≠  s19,49 ==
s19,42 >= ≥  s19,43 <= ≤  r10 , )  s19,44 <  s19,45 - −  s19,46 >  s19,47 +  s19,48 != ≠  s19,49 ==
s15,38 @  s19,42 >= ≥  s19,43 <= ≤  s59,84 :  r11 , ]  s15,39 / ÷  s19,44 <  s13,35 [  s19,45 - −  s19,46 >  s19,47 +  s13,36 ** ^  s15,40 * × · ⋅  c0 <TRANSPOSE>  s19,48 != ≠  s19,49 ==
s59,84 :  r11 , ]
s15,38 @  s19,42 >= ≥  s19,43 <= ≤  s59,84 :  r11 , ]  s15,39 / ÷  s19,44 <  s19,45 - −  s19,46 >  s19,47 +  s15,40 * × · ⋅  s19,48 != ≠  s19,49 ==
r11 , ]
s61,85 ,  c12 ]
s19,42 >= ≥  s19,43 <= ≤  s59,84 :  r11 , ]  s19,44 <  s19,45 - −  s19,46 >  s19,47 +  s19,48 != ≠  s19,49 ==
b13 <END> @ >= ≥ <= ≤ : , / ÷ < - − > + ) ] <SEPARATOR> * × · ⋅ != ≠ ==  s13,35 [  s13,36 ** ^  c0 <TRANSPOSE>
b13 <END> @ >= ≥ <= ≤ : , / ÷ < - − > + ) ] <SEPARATOR> * × · ⋅ != ≠ ==
b14 <END> @ >= ≥ <= ≤ : , / ÷ < - − > + ) ] <SEPARATOR> * × · ⋅ != ≠ ==  s13,35 [  s13,36 ** ^  c0 <TRANSPOSE>
b14 <END> @ >= ≥ <= ≤ : , / ÷ < - − > + ) ] <SEPARATOR> * × · ⋅ != ≠ ==
b15 <END> @ >= ≥ <= ≤ : , / ÷ < - − > + ) ] <SEPARATOR> * × · ⋅ != ≠ ==  s13,35 [  s13,36 ** ^  c0 <TRANSPOSE>
b15 <END> @ >= ≥ <= ≤ : , / ÷ < - − > + ) ] <SEPARATOR> * × · ⋅ != ≠ ==
b16 <END> @ >= ≥ <= ≤ : , / ÷ < - − > + ) ] <SEPARATOR> * × · ⋅ != ≠ ==  s13,35 [  s13,36 ** ^  c0 <TRANSPOSE>
b16 <END> @ >= ≥ <= ≤ : , / ÷ < - − > + ) ] <SEPARATOR> * × · ⋅ != ≠ ==
r17 <END> <SEPARATOR>
b18 <END> : , ) ] <SEPARATOR>  s15,38 @  s15,39 / ÷  s13,35 [  s67,45 - −  s67,47 +  s13,36 ** ^  s15,40 * × · ⋅  c0 <TRANSPOSE>
b18 <END> : , ) ] <SEPARATOR>  s15,38 @  s15,39 / ÷  s67,45 - −  s67,47 +  s15,40 * × · ⋅
b18 <END> : , ) ] <SEPARATOR>  s67,45 - −  s67,47 +
b19 <END> : , ) ] <SEPARATOR>  s15,38 @  s15,39 / ÷  s13,35 [  s68,45 - −  s68,47 +  s13,36 ** ^  s15,40 * × · ⋅  c0 <TRANSPOSE>
b19 <END> : , ) ] <SEPARATOR>  s15,38 @  s15,39 / ÷  s68,45 - −  s68,47 +  s15,40 * × · ⋅
b19 <END> : , ) ] <SEPARATOR>  s68,45 - −  s68,47 +
b20 <END> : , ) ] <SEPARATOR>  s15,38 @  s15,39 / ÷  s13,35 [  s69,45 - −  s69,47 +  s13,36 ** ^  s15,40 * × · ⋅  c0 <TRANSPOSE>
b20 <END> : , ) ] <SEPARATOR>  s15,38 @  s15,39 / ÷  s69,45 - −  s69,47 +  s15,40 * × · ⋅
b20 <END> : , ) ] <SEPARATOR>  s69,45 - −  s69,47 +
b21 <END> >= ≥ <= ≤ : , < - − > + ) ] <SEPARATOR> != ≠ ==  s70,38 @  s70,39 / ÷  s13,35 [  s13,36 ** ^  s70,40 * × · ⋅  c0 <TRANSPOSE>
b21 <END> >= ≥ <= ≤ : , < - − > + ) ] <SEPARATOR> != ≠ ==  s70,38 @  s70,39 / ÷  s70,40 * × · ⋅
b22 <END> : , ) ] <SEPARATOR>  s15,38 @  s15,39 / ÷  s13,35 [  s71,45 - −  s71,47 +  s13,36 ** ^  s15,40 * × · ⋅  c0 <TRANSPOSE>
b22 <END> : , ) ] <SEPARATOR>  s15,38 @  s15,39 / ÷  s71,45 - −  s71,47 +  s15,40 * × · ⋅
b22 <END> : , ) ] <SEPARATOR>  s71,45 - −  s71,47 +
b23 <END> >= ≥ <= ≤ : , < - − > + ) ] <SEPARATOR> != ≠ ==  s72,38 @  s72,39 / ÷  s13,35 [  s13,36 ** ^  s72,40 * × · ⋅  c0 <TRANSPOSE>
b23 <END> >= ≥ <= ≤ : , < - − > + ) ] <SEPARATOR> != ≠ ==  s72,38 @  s72,39 / ÷  s72,40 * × · ⋅
b24 <END> : , ) ] <SEPARATOR>  s15,38 @  s15,39 / ÷  s13,35 [  s73,45 - −  s73,47 +  s13,36 ** ^  s15,40 * × · ⋅  c0 <TRANSPOSE>
b24 <END> : , ) ] <SEPARATOR>  s15,38 @  s15,39 / ÷  s73,45 - −  s73,47 +  s15,40 * × · ⋅
b24 <END> : , ) ] <SEPARATOR>  s73,45 - −  s73,47 +
b25 <END> : , ) ] <SEPARATOR>  s15,38 @  s15,39 / ÷  s13,35 [  s74,45 - −  s74,47 +  s13,36 ** ^  s15,40 * × · ⋅  c0 <TRANSPOSE>
b25 <END> : , ) ] <SEPARATOR>  s15,38 @  s15,39 / ÷  s74,45 - −  s74,47 +  s15,40 * × · ⋅
b25 <END> : , ) ] <SEPARATOR>  s74,45 - −  s74,47 +
r26 , )
s15,38 @  s19,42 >= ≥  s19,43 <= ≤  r26 , )  s15,39 / ÷  s19,44 <  s13,35 [  s19,45 - −  s19,46 >  s19,47 +  s13,36 ** ^  s15,40 * × · ⋅  c0 <TRANSPOSE>  s19,48 != ≠  s19,49 ==
s15,38 @  s19,42 >= ≥  s19,43 <= ≤  r26 , )  s15,39 / ÷  s19,44 <  s19,45 - −  s19,46 >  s19,47 +  s15,40 * × · ⋅  s19,48 != ≠  s19,49 ==
s19,42 >= ≥  s19,43 <= ≤  r26 , )  s19,44 <  s19,45 - −  s19,46 >  s19,47 +  s19,48 != ≠  s19,49 ==
s15,38 @  s19,42 >= ≥  s19,43 <= ≤  r27 , ]  s15,39 / ÷  s19,44 <  s13,35 [  s19,45 - −  s19,46 >  s19,47 +  s13,36 ** ^  s15,40 * × · ⋅  c0 <TRANSPOSE>  s19,48 != ≠  s19,49 ==
r27 , ]
s15,38 @  s19,42 >= ≥  s19,43 <= ≤  r27 , ]  s15,39 / ÷  s19,44 <  s19,45 - −  s19,46 >  s19,47 +  s15,40 * × · ⋅  s19,48 != ≠  s19,49 ==
s19,42 >= ≥  s19,43 <= ≤  r27 , ]  s19,44 <  s19,45 - −  s19,46 >  s19,47 +  s19,48 != ≠  s19,49 ==
s15,38 @  s19,42 >= ≥  s19,43 <= ≤  s83,91 :  r28 , ]  s15,39 / ÷  s19,44 <  s13,35 [  s19,45 - −  s19,46 >  s19,47 +  s13,36 ** ^  s15,40 * × · ⋅  c0 <TRANSPOSE>  s19,48 != ≠  s19,49 ==
s83,91 :  r28 , ]
s15,38 @  s19,42 >= ≥  s19,43 <= ≤  s83,91 :  r28 , ]  s15,39 / ÷  s19,44 <  s19,45 - −  s19,46 >  s19,47 +  s15,40 * × · ⋅  s19,48 != ≠  s19,49 ==
s19,42 >= ≥  s19,43 <= ≤  s83,91 :  r28 , ]  s19,44 <  s19,45 - −  s19,46 >  s19,47 +  s19,48 != ≠  s19,49 ==
r29 <END> <SEPARATOR>  s15,38 @  s19,42 >= ≥  s19,43 <= ≤  s15,39 / ÷  s19,44 <  s13,35 [  s19,45 - −  s19,46 >  s19,47 +  s13,36 ** ^  s15,40 * × · ⋅  c0 <TRANSPOSE>  s19,48 != ≠  s19,49 ==
r29 <END> <SEPARATOR>
r29 <END> <SEPARATOR>  s15,38 @  s19,42 >= ≥  s19,43 <= ≤  s15,39 / ÷  s19,44 <  s19,45 - −  s19,46 >  s19,47 +  s15,40 * × · ⋅  s19,48 != ≠  s19,49 ==
r29 <END> <SEPARATOR>  s19,42 >= ≥  s19,43 <= ≤  s19,44 <  s19,45 - −  s19,46 >  s19,47 +  s19,48 != ≠  s19,49 ==
s15,38 @  s19,42 >= ≥  s19,43 <= ≤  r30 , ]  s15,39 / ÷  s19,44 <  s13,35 [  s19,45 - −  s19,46 >  s19,47 +  s13,36 ** ^  s15,40 * × · ⋅  c0 <TRANSPOSE>  s19,48 != ≠  s19,49 ==
r30 , ]
s15,38 @  s19,42 >= ≥  s19,43 <= ≤  r30 , ]  s15,39 / ÷  s19,44 <  s19,45 - −  s19,46 >  s19,47 +  s15,40 * × · ⋅  s19,48 != ≠  s19,49 ==
s19,42 >= ≥  s19,43 <= ≤  r30 , ]  s19,44 <  s19,45 - −  s19,46 >  s19,47 +  s19,48 != ≠  s19,49 ==
s15,38 @  s19,42 >= ≥  s19,43 <= ≤  s93,99 :  r31 , ]  s15,39 / ÷  s19,44 <  s13,35 [  s19,45 - −  s19,46 >  s19,47 +  s13,36 ** ^  s15,40 * × · ⋅  c0 <TRANSPOSE>  s19,48 != ≠  s19,49 ==
s93,99 :  r31 , ]
s15,38 @  s19,42 >= ≥  s19,43 <= ≤  s93,99 :  r31 , ]  s15,39 / ÷  s19,44 <  s19,45 - −  s19,46 >  s19,47 +  s15,40 * × · ⋅  s19,48 != ≠  s19,49 ==
s19,42 >= ≥  s19,43 <= ≤  s93,99 :  r31 , ]  s19,44 <  s19,45 - −  s19,46 >  s19,47 +  s19,48 != ≠  s19,49 ==
s15,38 @  s19,42 >= ≥  s19,43 <= ≤  s59,84 :  r32 , ]  s15,39 / ÷  s19,44 <  s13,35 [  s19,45 - −  s19,46 >  s19,47 +  s13,36 ** ^  s15,40 * × · ⋅  c0 <TRANSPOSE>  s19,48 != ≠  s19,49 ==
s59,84 :  r32 , ]
s15,38 @  s19,42 >= ≥  s19,43 <= ≤  s59,84 :  r32 , ]  s15,39 / ÷  s19,44 <  s19,45 - −  s19,46 >  s19,47 +  s15,40 * × · ⋅  s19,48 != ≠  s19,49 ==
r32 , ]
s19,42 >= ≥  s19,43 <= ≤  s59,84 :  r32 , ]  s19,44 <  s19,45 - −  s19,46 >  s19,47 +  s19,48 != ≠  s19,49 ==
r33 <END> <SEPARATOR>  s15,38 @  s19,42 >= ≥  s19,43 <= ≤  s15,39 / ÷  s19,44 <  s13,35 [  s19,45 - −  s19,46 >  s19,47 +  s13,36 ** ^  s15,40 * × · ⋅  c0 <TRANSPOSE>  s19,48 != ≠  s19,49 ==
r33 <END> <SEPARATOR>
r33 <END> <SEPARATOR>  s15,38 @  s19,42 >= ≥  s19,43 <= ≤  s15,39 / ÷  s19,44 <  s19,45 - −  s19,46 >  s19,47 +  s15,40 * × · ⋅  s19,48 != ≠  s19,49 ==
r33 <END> <SEPARATOR>  s19,42 >= ≥  s19,43 <= ≤  s19,44 <  s19,45 - −  s19,46 >  s19,47 +  s19,48 != ≠  s19,49 ==
s15,38 @  s19,42 >= ≥  s19,43 <= ≤  r34 , ]  s15,39 / ÷  s19,44 <  s13,35 [  s19,45 - −  s19,46 >  s19,47 +  s13,36 ** ^  s15,40 * × · ⋅  c0 <TRANSPOSE>  s19,48 != ≠  s19,49 ==
r34 , ]
s15,38 @  s19,42 >= ≥  s19,43 <= ≤  r34 , ]  s15,39 / ÷  s19,44 <  s19,45 - −  s19,46 >  s19,47 +  s15,40 * × · ⋅  s19,48 != ≠  s19,49 ==
s19,42 >= ≥  s19,43 <= ≤  r34 , ]  s19,44 <  s19,45 - −  s19,46 >  s19,47 +  s19,48 != ≠  s19,49 ==
s15,38 @  s19,42 >= ≥  s19,43 <= ≤  r35 , ]  s15,39 / ÷  s19,44 <  s13,35 [  s19,45 - −  s19,46 >  s19,47 +  s13,36 ** ^  s15,40 * × · ⋅  c0 <TRANSPOSE>  s19,48 != ≠  s19,49 ==
r35 , ]
s15,38 @  s19,42 >= ≥  s19,43 <= ≤  r35 , ]  s15,39 / ÷  s19,44 <  s19,45 - −  s19,46 >  s19,47 +  s15,40 * × · ⋅  s19,48 != ≠  s19,49 ==
s19,42 >= ≥  s19,43 <= ≤  r35 , ]  s19,44 <  s19,45 - −  s19,46 >  s19,47 +  s19,48 != ≠  s19,49 ==
s15,38 @  s19,42 >= ≥  s19,43 <= ≤  r36 , ]  s15,39 / ÷  s19,44 <  s13,35 [  s19,45 - −  s19,46 >  s19,47 +  s13,36 ** ^  s15,40 * × · ⋅  c0 <TRANSPOSE>  s19,48 != ≠  s19,49 ==
r36 , ]
s15,38 @  s19,42 >= ≥  s19,43 <= ≤  r36 , ]  s15,39 / ÷  s19,44 <  s19,45 - −  s19,46 >  s19,47 +  s15,40 * × · ⋅  s19,48 != ≠  s19,49 ==
s19,42 >= ≥  s19,43 <= ≤  r36 , ]  s19,44 <  s19,45 - −  s19,46 >  s19,47 +  s19,48 != ≠  s19,49 ==
s-1,1 <ASSIGN>  s-1,2 <CALL>  s-1,3 (  s-1,4 [  s-1,5 - −  c37 <NAME>  c38 <NUMBER>  s-1,8 +  s-1,9 <SEPARATOR>  c39 <STRING>
s-1,21 <CALL>  s-1,3 (  s-1,4 [  s-1,5 - −  c37 <NAME>  c38 <NUMBER>  s-1,8 +  c39 <STRING>
s-1,23 <ASSIGN>  s-1,21 <CALL>  s-1,3 (  s-1,4 [  s-1,5 - −  c37 <NAME>  c38 <NUMBER>  s-1,8 +  c40 )  c39 <STRING>
s-1,21 <CALL>  s-1,3 (  s-1,4 [  s-1,5 - −  c37 <NAME>  c38 <NUMBER>  s-1,8 +  c41 ]  c39 <STRING>
r37 <END> @ >= ≥ <= ≤ : , / ÷ < [ - − > + ** ^ ) ] <SEPARATOR> * × · ⋅ <TRANSPOSE> != ≠ ==
r38 <END> @ >= ≥ <= ≤ : , / ÷ < [ - − > + ** ^ ) ] <SEPARATOR> * × · ⋅ <TRANSPOSE> != ≠ ==
s-1,1 <ASSIGN>  s-1,2 <CALL>  s-1,3 (  s-1,4 [  s-1,5 - −  c37 <NAME>  c38 <NUMBER>  s-1,8 +  c39 <STRING>
r39 <END> @ >= ≥ <= ≤ : , / ÷ < [ - − > + ** ^ ) ] <SEPARATOR> * × · ⋅ <TRANSPOSE> != ≠ ==
r42 <END> @ >= ≥ <= ≤ : , / ÷ < [ - − > + ** ^ ) ] <SEPARATOR> * × · ⋅ <TRANSPOSE> != ≠ ==
r43 <END> @ >= ≥ <= ≤ : , / ÷ < - − > + ) ] <SEPARATOR> * × · ⋅ != ≠ ==  s-1,35 [  s-1,36 ** ^  c0 <TRANSPOSE>
r44 <END> @ >= ≥ <= ≤ : , / ÷ < - − > + ) ] <SEPARATOR> * × · ⋅ != ≠ ==
r45 <END> >= ≥ <= ≤ : , < - − > + ) ] <SEPARATOR> != ≠ ==  s-1,38 @  s-1,39 / ÷  s-1,40 * × · ⋅
r46 <END> <SEPARATOR>
a <END>  s-1,41 <SEPARATOR>
r47 <END> : , ) ] <SEPARATOR>  s-1,42 >= ≥  s-1,43 <= ≤  s-1,44 <  s-1,45 - −  s-1,46 >  s-1,47 +  s-1,48 != ≠  s-1,49 ==
r48 <END> @ >= ≥ <= ≤ : , / ÷ < - − > + ) ] <SEPARATOR> * × · ⋅ != ≠ ==
r40 <END> @ >= ≥ <= ≤ : , / ÷ < [ - − > + ** ^ ) ] <SEPARATOR> * × · ⋅ <TRANSPOSE> != ≠ ==
s-1,52 ,  s-1,53 )
r49 , )
r41 <END> @ >= ≥ <= ≤ : , / ÷ < [ - − > + ** ^ ) ] <SEPARATOR> * × · ⋅ <TRANSPOSE> != ≠ ==
s-1,55 ,  c6 ]
a <END>  s-1,57 <SEPARATOR>
s-1,21 <CALL>  s-1,58 :  s-1,3 (  s-1,4 [  s-1,5 - −  c37 <NAME>  c38 <NUMBER>  s-1,8 +  c39 <STRING>
r0 <END> @ >= ≥ <= ≤ : , / ÷ < [ - − > + ** ^ ) ] <SEPARATOR> * × · ⋅ <TRANSPOSE> != ≠ ==
a <END>  s-1,1 <ASSIGN>  s-1,2 <CALL>  s-1,3 (  s-1,4 [  s-1,5 - −  c37 <NAME>  c38 <NUMBER>  s-1,8 +  c39 <STRING>
s-1,75 ,  c9 )
s-1,23 <ASSIGN>  s-1,21 <CALL>  s-1,3 (  s-1,4 [  s-1,5 - −  c37 <NAME>  c38 <NUMBER>  s-1,8 +  s-1,77 )  c39 <STRING>
r9 <END> @ >= ≥ <= ≤ / ÷ < [ - − > + ** ^ <SEPARATOR> * × · ⋅ <TRANSPOSE> != ≠ ==  s-1,79 =
r4 <END> @ >= ≥ <= ≤ : , / ÷ < [ - − > + ** ^ ) ] <SEPARATOR> * × · ⋅ <TRANSPOSE> != ≠ ==
s-1,21 <CALL>  s-1,3 (  s-1,4 [  s-1,5 - −  c37 <NAME>  c38 <NUMBER>  s-1,8 +  c50 ]  c39 <STRING>
r6 <END> @ >= ≥ <= ≤ : , / ÷ < [ - − > + ** ^ ) ] <SEPARATOR> * × · ⋅ <TRANSPOSE> != ≠ ==
s-1,21 <CALL>  s-1,82 :  r51 , ]  s-1,3 (  s-1,4 [  s-1,5 - −  c37 <NAME>  c38 <NUMBER>  s-1,8 +  c39 <STRING>
s-1,84 :  r52 , ]
s-1,85 ,  c12 ]
b18 <END> : , ) ] <SEPARATOR>  s-1,45 - −  s-1,47 +
b19 <END> : , ) ] <SEPARATOR>  s-1,45 - −  s-1,47 +
b20 <END> : , ) ] <SEPARATOR>  s-1,45 - −  s-1,47 +
b21 <END> >= ≥ <= ≤ : , < - − > + ) ] <SEPARATOR> != ≠ ==  s-1,38 @  s-1,39 / ÷  s-1,40 * × · ⋅
b22 <END> : , ) ] <SEPARATOR>  s-1,45 - −  s-1,47 +
b23 <END> >= ≥ <= ≤ : , < - − > + ) ] <SEPARATOR> != ≠ ==  s-1,38 @  s-1,39 / ÷  s-1,40 * × · ⋅
b24 <END> : , ) ] <SEPARATOR>  s-1,45 - −  s-1,47 +
b25 <END> : , ) ] <SEPARATOR>  s-1,45 - −  s-1,47 +
s-1,23 <ASSIGN>  s-1,21 <CALL>  s-1,3 (  s-1,4 [  s-1,5 - −  c37 <NAME>  c38 <NUMBER>  s-1,8 +  c53 )  c39 <STRING>
r9 <END> @ >= ≥ <= ≤ : , / ÷ < [ - − > + ** ^ ) ] <SEPARATOR> * × · ⋅ <TRANSPOSE> != ≠ ==
r53 <END> @ >= ≥ <= ≤ / ÷ < [ - − > + ** ^ <SEPARATOR> * × · ⋅ <TRANSPOSE> != ≠ ==  s-1,88 =
r50 <END> @ >= ≥ <= ≤ : , / ÷ < [ - − > + ** ^ ) ] <SEPARATOR> * × · ⋅ <TRANSPOSE> != ≠ ==
s-1,91 :  r28 , ]
s-1,21 <CALL>  s-1,92 :  r54 , ]  s-1,3 (  s-1,4 [  s-1,5 - −  c37 <NAME>  c38 <NUMBER>  s-1,8 +  c39 <STRING>
s-1,21 <CALL>  s-1,58 :  s-1,3 (  s-1,4 [  s-1,5 - −  c37 <NAME>  c38 <NUMBER>  s-1,8 +  c55 ]  c39 <STRING>
r12 <END> @ >= ≥ <= ≤ : , / ÷ < [ - − > + ** ^ ) ] <SEPARATOR> * × · ⋅ <TRANSPOSE> != ≠ ==
r53 <END> @ >= ≥ <= ≤ : , / ÷ < [ - − > + ** ^ ) ] <SEPARATOR> * × · ⋅ <TRANSPOSE> != ≠ ==
s-1,99 :  r31 , ]
r55 <END> @ >= ≥ <= ≤ : , / ÷ < [ - − > + ** ^ ) ] <SEPARATOR> * × · ⋅ <TRANSPOSE> != ≠ =="""
